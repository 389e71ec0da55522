import { Code } from '@mantine/core'
import { useAsk } from '../shared/ask.ts'
import { AuditEntries } from '../shared/audit-entries.tsx'
import { Page } from '../shared/page.tsx'
import { usePages } from '../shared/pager.tsx'
import { Panel } from '../shared/panel.tsx'

/** Who did what to the organisation, its members and its keys. */
export function AuditPage() {
  const pages = usePages()
  const audit = useAsk('myAudit', pages.asked)
  return (
    <Page title="Audit" about="Who did what, newest first. Nothing here is ever changed or removed.">
      <Panel isFlush>
        <AuditEntries
          query={audit}
          pages={pages}
          none="Nothing happened yet"
          action={({ action }) => words(action)}
          subject={({ name, subject }) => name ?? <Code>{subject.replace(/^tenant:/, '')}</Code>}
        />
      </Panel>
    </Page>
  )
}

/** `tenant.plan_changed` as people say it. */
function words(action: string): string {
  const text = action.replace(/^tenant\./, '').replaceAll(/[._-]/g, ' ')
  return text.charAt(0).toUpperCase() + text.slice(1)
}
