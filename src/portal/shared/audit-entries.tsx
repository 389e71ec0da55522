import { Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { type Column, DataTable } from './data-table.tsx'
import { Paged, type PagedProps } from './pager.tsx'
import { Empty } from './states.tsx'
import { When } from './when.tsx'

/** The entries of the audit log, newest first, page by page. How an action and its subject are said is the page's. */
export function AuditEntries<Row extends AuditRow>(props: AuditEntriesProps<Row>) {
  const { query, pages, none, first = [], action, subject } = props
  return (
    <Paged
      query={query}
      pages={pages}
      rows={8}
      empty={<Empty title={none}>Each change is written down here.</Empty>}
    >
      {(rows) => (
        <DataTable
          caption="What happened"
          rows={rows}
          keyOf={({ sequence }) => sequence}
          columns={[
            ...first,
            { title: 'When', cell: ({ at }) => <When at={at} style="exact" /> },
            { title: 'Who', cell: ({ actor }) => actor },
            { title: 'What', cell: (row) => <Text fw={500}>{action(row)}</Text> },
            { title: 'To what', cell: subject },
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
  )
}

export interface AuditEntriesProps<Row> extends Pick<PagedProps<Row>, 'query' | 'pages'> {
  /** What is said where nothing is. */
  readonly none: string
  /** Columns that stand before all others. */
  readonly first?: readonly Column<Row>[]
  readonly action: (row: Row) => string
  readonly subject: (row: Row) => ReactNode
}

interface AuditRow {
  readonly sequence: number
  readonly at: string
  readonly actor: string
  readonly detail: object
}

/** What an entry was written with, in words; what is empty is left out. */
function detailText(detail: object): string {
  return Object.entries(detail)
    .filter(([name]) => name !== 'session_id')
    .filter(([, value]) => value !== null && value !== undefined && value !== '')
    .map(
      ([name, value]) =>
        `${name.replaceAll('_', ' ')}: ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`,
    )
    .join(', ')
}
