import { Code, Text } from '@mantine/core'
import { useAsk } from '../shared/ask.ts'
import { detailText } from '../shared/audit-words.ts'
import { DataTable } from '../shared/data-table.tsx'
import { Page } from '../shared/page.tsx'
import { Paged, usePages } from '../shared/pager.tsx'
import { Panel } from '../shared/panel.tsx'
import { Empty } from '../shared/states.tsx'
import { When } from '../shared/when.tsx'

/** Who did what to the organisation, its members and its keys. */
export function AuditPage() {
  const pages = usePages()
  const audit = useAsk('myAudit', pages.asked)
  return (
    <Page title="Audit" about="Who did what, newest first. Nothing here is ever changed or removed.">
      <Panel isFlush>
        <Paged
          query={audit}
          pages={pages}
          rows={8}
          empty={<Empty title="Nothing happened yet">Each change is written down here.</Empty>}
        >
          {(data) => (
            <DataTable
              caption="What happened"
              rows={data}
              keyOf={({ sequence }) => sequence}
              columns={[
                { title: 'When', cell: ({ at }) => <When at={at} style="exact" /> },
                { title: 'Who', cell: ({ actor }) => actor },
                { title: 'What', cell: ({ action }) => <Text fw={500}>{words(action)}</Text> },
                {
                  title: 'To what',
                  cell: ({ name, subject }) => name ?? <Code>{subject.replace(/^tenant:/, '')}</Code>,
                },
                {
                  title: 'With',
                  cell: ({ detail }) => (
                    <Text size="sm" c="dimmed" maw={480}>
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

/** `tenant.plan_changed` as people say it. */
function words(action: string): string {
  const text = action.replace(/^tenant\./, '').replaceAll(/[._-]/g, ' ')
  return text.charAt(0).toUpperCase() + text.slice(1)
}
