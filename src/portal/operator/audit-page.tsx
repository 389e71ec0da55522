import { Alert, Button, Code, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useAsk } from '../shared/ask.ts'
import { AuditEntries } from '../shared/audit-entries.tsx'
import { quantity } from '../shared/figures.ts'
import { Page } from '../shared/page.tsx'
import { usePages } from '../shared/pager.tsx'
import { Panel } from '../shared/panel.tsx'
import { Failed } from '../shared/states.tsx'

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
        <AuditEntries
          query={audit}
          pages={pages}
          none="No such entries"
          first={[{ title: 'Entry', isFigure: true, cell: ({ sequence }) => quantity(sequence) }]}
          action={({ action }) => action}
          subject={(row) => <Code>{row.subject}</Code>}
        />
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
