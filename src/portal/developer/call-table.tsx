import { Anchor, Badge, Code, Group, NativeSelect } from '@mantine/core'
import { useState } from 'react'
import { Link } from 'react-router'
import { useAsk } from '../shared/ask.ts'
import { DataTable } from '../shared/data-table.tsx'
import { quantity } from '../shared/figures.ts'
import { Paged, usePages } from '../shared/pager.tsx'
import { Panel } from '../shared/panel.tsx'
import { Empty } from '../shared/states.tsx'
import { Status } from '../shared/status.tsx'
import { When } from '../shared/when.tsx'

const STATUSES = ['2xx', '3xx', '4xx', '5xx'] as const

/** Single calls, newest first; each opens to why it was answered and billed as it was. */
export function CallTable({ month, span, subscription, title = 'Single calls' }: CallTableProps) {
  const [status, setStatus] = useState('')
  const pages = usePages(25)
  const chosen = STATUSES.find((each) => each === status)
  const { from, to } = span ?? spanOfMonth(month ?? '')
  const calls = useAsk('myCalls', {
    ...pages.asked,
    ...{ from, to },
    ...(chosen !== undefined && { status: chosen }),
    ...(subscription !== undefined && { subscription, billable: 'true' as const }),
  })
  return (
    <Panel
      title={title}
      isFlush
      actions={
        subscription === undefined && (
          <NativeSelect
            size="xs"
            aria-label="Status"
            data={[{ value: '', label: 'Every status' }, ...STATUSES]}
            value={status}
            onChange={({ currentTarget }) => {
              setStatus(currentTarget.value)
              pages.first()
            }}
          />
        )
      }
    >
      <Paged
        query={calls}
        pages={pages}
        empty={
          <Empty title="No such calls">
            Single calls are kept for a time; the sums above are kept for ever.
          </Empty>
        }
      >
        {(data) => <Calls rows={data} />}
      </Paged>
    </Panel>
  )
}

export interface CallTableProps {
  readonly month?: string
  readonly span?: { readonly from: string; readonly to: string }
  /** Only what was billed to this subscription. */
  readonly subscription?: string
  readonly title?: string
}

interface CallRow {
  readonly id: string
  readonly timestamp: string
  readonly method: string
  readonly endpoint: string
  readonly route_id: string
  readonly status_code: number
  readonly refusal: string
  readonly billable: boolean
  readonly response_time_ms: number
  readonly count: number
}

function Calls({ rows }: { readonly rows: readonly CallRow[] }) {
  return (
    <DataTable
      caption="Calls, newest first"
      rows={rows}
      keyOf={({ id }) => id}
      columns={[
        { title: 'When', cell: ({ timestamp }) => <When at={timestamp} style="exact" /> },
        {
          title: 'Call',
          cell: ({ method, endpoint, count }) => (
            <Group gap={6} wrap="nowrap">
              <Code>
                {method} {endpoint}
              </Code>
              {count > 1 && <Badge color="gray">{quantity(count)} alike</Badge>}
            </Group>
          ),
        },
        { title: 'Route', cell: ({ route_id }) => route_id || '–' },
        { title: 'Status', cell: ({ status_code }) => <Status code={status_code} /> },
        { title: 'Took', isFigure: true, cell: (row) => `${quantity(row.response_time_ms)} ms` },
        { title: 'Billed', cell: ({ billable, refusal }) => (billable ? 'yes' : refusal || 'no') },
        {
          title: 'Why',
          cell: ({ id }) => (
            <Anchor component={Link} to={`/usage/calls/${id}`}>
              Explain
            </Anchor>
          ),
        },
      ]}
    />
  )
}

function spanOfMonth(month: string): { readonly from: string; readonly to: string } {
  const [year = 1970, number = 1] = month.split('-').map(Number)
  return {
    from: new Date(Date.UTC(year, number - 1, 1)).toISOString(),
    to: new Date(Date.UTC(year, number, 1)).toISOString(),
  }
}
