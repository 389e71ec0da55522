import { Button } from '@mantine/core'
import { useState } from 'react'
import { useAsk, useChange } from '../shared/ask.ts'
import { Confirm } from '../shared/confirm.tsx'
import { DataTable } from '../shared/data-table.tsx'
import { Paged, usePages } from '../shared/pager.tsx'
import { Panel } from '../shared/panel.tsx'
import { Empty } from '../shared/states.tsx'
import { When } from '../shared/when.tsx'
import { KeyStateBadge } from './key-state-badge.tsx'
import { DECIDED, type KeyRequest } from './waiting-requests.ts'

/** The keys of a tenant and its requests, the newest first. */
export function TenantKeys({ tenant }: { readonly tenant: string }) {
  const pages = usePages(25)
  const [ending, setEnding] = useState<KeyRequest>()
  const keys = useAsk('listKeys', {
    ...pages.asked,
    tenant,
  })
  return (
    <Panel title="Keys" isFlush>
      <Paged query={keys} pages={pages} empty={<Empty title="No keys">Nobody asked for one yet.</Empty>}>
        {(data) => (
          <DataTable
            caption="Keys"
            rows={data}
            keyOf={({ id }) => id}
            columns={[
              { title: 'Name', cell: ({ name, mode }) => (mode === 'test' ? `${name} (test)` : name) },
              { title: 'Key', cell: ({ masked }) => masked ?? '–' },
              { title: 'State', cell: ({ state }) => <KeyStateBadge state={state} /> },
              { title: 'Decided by', cell: ({ decided_by }) => decided_by ?? '–' },
              { title: 'Why', cell: ({ reason, decision_reason }) => decision_reason ?? reason ?? '–' },
              { title: 'Since', cell: ({ created_at }) => <When at={created_at} style="day" /> },
              {
                title: 'Change',
                cell: (row) =>
                  row.state === 'active' || row.state === 'approved' ? (
                    <Button size="compact-sm" variant="default" onClick={() => setEnding(row)}>
                      Revoke
                    </Button>
                  ) : (
                    '–'
                  ),
              },
            ]}
          />
        )}
      </Paged>
      {ending !== undefined && <Revoke keyView={ending} onClose={() => setEnding(undefined)} />}
    </Panel>
  )
}

function Revoke({ keyView, onClose }: { readonly keyView: KeyRequest; readonly onClose: () => void }) {
  const change = useChange('revokeKeys', DECIDED)
  return (
    <Confirm
      isOpen
      title={`Revoke ${keyView.name}?`}
      action="Revoke it for good"
      onClose={onClose}
      onConfirm={() => change.mutate({ keys: [keyView.id] }, { onSuccess: onClose })}
      change={change}
    >
      Within a second every call with it is refused. This cannot be taken back.
    </Confirm>
  )
}
