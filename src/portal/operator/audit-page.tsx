import { Alert, Button, Code, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useAsk } from '../shared/ask.ts'
import { detailText } from '../shared/audit-words.ts'
import { DataTable } from '../shared/data-table.tsx'
import { quantity } from '../shared/figures.ts'
import { Page } from '../shared/page.tsx'
import { Paged, usePages } from '../shared/pager.tsx'
import { Panel } from '../shared/panel.tsx'
import { Empty, Failed } from '../shared/states.tsx'
import { When } from '../shared/when.tsx'

/** Who did what, newest first, and whether the log is as it was written. */
export function AuditPage() {
  const pages = usePages()
  const [subject, setSubject] = useState('')
  const audit = useAsk('listAudit', { ...pages.asked, ...(subject !== '' && { subject }) })
  const seek = (text: string) => {
    pages.first()
    setSubject(text.trim())
  }
  return (
    <Page title="Audit" about="Who did what, newest first. Each entry holds the one before by its hash.">
      <Check />
      <Panel
        isFlush
        title="Entries"
        actions={
          <TextInput
            size="xs"
            aria-label="Subject"
            placeholder="tenant:acme"
            onBlur={({ currentTarget }) => seek(currentTarget.value)}
            onKeyDown={({ key, currentTarget }) => {
              if (key === 'Enter') seek(currentTarget.value)
            }}
          />
        }
      >
        <Paged
          query={audit}
          pages={pages}
          rows={8}
          empty={<Empty title="No such entries">Each change is written down here.</Empty>}
        >
          {(data) => (
            <DataTable
              caption="What happened"
              rows={data}
              keyOf={({ sequence }) => sequence}
              columns={[
                { title: 'Entry', isFigure: true, cell: ({ sequence }) => quantity(sequence) },
                { title: 'When', cell: ({ at }) => <When at={at} style="exact" /> },
                { title: 'Who', cell: ({ actor }) => actor },
                { title: 'What', cell: ({ action }) => <Text fw={500}>{action}</Text> },
                { title: 'To what', cell: (row) => <Code>{row.subject}</Code> },
                {
                  title: 'With',
                  cell: ({ detail }) => (
                    <Text c="dimmed" miw={300} maw={520} className="gatez-breaks">
                      {detailText(detail)}
                    </Text>
                  ),
                },
              ]}
            />
          )}
        </Paged>
      </Panel>
    </Page>
  )
}

function Check() {
  const [isWanted, setWanted] = useState(false)
  const check = useAsk('checkAudit', {}, { isWanted })
  if (check.error !== null) return <Failed error={check.error} title="The log is not whole" />
  if (check.data !== undefined)
    return (
      <Alert color="green" title="The log is whole">
        <Text className="gatez-breaks">
          {quantity(check.data.entries)} entries, each with the hash of the one before. The last is{' '}
          <Code>{check.data.head.slice(0, 16)}</Code>.
        </Text>
      </Alert>
    )
  return (
    <div>
      <Button variant="default" loading={check.isFetching} onClick={() => setWanted(true)}>
        Check every hash
      </Button>
    </div>
  )
}
