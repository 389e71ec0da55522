import { Button, Code, Group, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useState } from 'react'
import type { ItemOf } from '../../control/client.ts'
import { useAsk } from '../shared/ask.ts'
import { DataTable } from '../shared/data-table.tsx'
import { quantity } from '../shared/figures.ts'
import { Page } from '../shared/page.tsx'
import { Paged, usePages } from '../shared/pager.tsx'
import { Panel } from '../shared/panel.tsx'
import { Empty } from '../shared/states.tsx'
import { When } from '../shared/when.tsx'
import { AskForKey } from './ask-for-key.tsx'
import { KeyActions } from './key-actions.tsx'
import { KeyState } from './key-state.tsx'
import { useMay } from './roles.ts'
import { ShownSecret } from './shown-secret.tsx'

/** A key as the portal lists it. */
export type ListedKey = ItemOf<'myKeys'>

const LIVE_MS = 5_000

/** The keys of an organisation: asked for, revealed once, masked for ever after, rotated, revoked. */
export function KeysPage() {
  const pages = usePages()
  const keys = useAsk('myKeys', pages.asked, { everyMs: LIVE_MS })
  const account = useAsk('myAccount', {})
  const [isAsking, { open, close }] = useDisclosure(false)
  const [secret, setSecret] = useState<string>()
  const may = useMay()
  const tenant = account.data?.tenant
  const held =
    tenant === undefined ? undefined : `${tenant.keys_held} of ${tenant.keys_max ?? 'any number of'}`
  return (
    <Page
      title="Keys"
      about={held === undefined ? undefined : `You hold ${held} keys that your plan allows.`}
      actions={may.keys && <Button onClick={open}>Ask for a key</Button>}
    >
      <AskForKey isOpen={isAsking} onClose={close} approval={account.data?.plan?.keys.approval ?? 'manual'} />
      <ShownSecret secret={secret} onClose={() => setSecret(undefined)} />
      <Panel isFlush>
        <Paged
          query={keys}
          pages={pages}
          empty={
            <Empty title="No keys yet" action={may.keys && <Button onClick={open}>Ask for a key</Button>}>
              Every call carries a key: it says whose call it is. Ask for the first one.
            </Empty>
          }
        >
          {(data) => <KeyTable keys={data} onSecret={setSecret} />}
        </Paged>
      </Panel>
    </Page>
  )
}

interface KeyTableProps {
  readonly keys: readonly ListedKey[]
  readonly onSecret: (secret: string) => void
}

function KeyTable({ keys, onSecret }: KeyTableProps) {
  const use = useAsk('myKeyUse', { limit: '1000' })
  const useOf = new Map((use.data?.data ?? []).map((each) => [each.key_id, each]))
  const may = useMay()
  return (
    <DataTable
      caption="Keys and key requests"
      rows={keys}
      keyOf={({ id }) => id}
      columns={[
        {
          title: 'Name',
          cell: ({ name, mode }) => (
            <Group gap={6} wrap="nowrap">
              <Text fw={500}>{name}</Text>
              {mode === 'test' && <Code>test</Code>}
            </Group>
          ),
        },
        { title: 'Key', cell: ({ masked }) => (masked === null ? '–' : <Code>{masked}</Code>) },
        { title: 'State', cell: (key) => <KeyState keyView={key} /> },
        { title: 'Last used', cell: ({ id }) => <When at={useOf.get(id)?.last_used_at} none="never" /> },
        { title: 'Calls, 30 days', isFigure: true, cell: ({ id }) => quantity(useOf.get(id)?.requests ?? 0) },
        { title: 'Made', cell: ({ created_at }) => <When at={created_at} style="day" /> },
        { title: 'Ends', cell: ({ expires_at }) => <When at={expires_at} style="day" none="never" /> },
        {
          title: 'What to do',
          cell: (key) => (may.keys ? <KeyActions keyView={key} onSecret={onSecret} /> : '–'),
        },
      ]}
    />
  )
}
