import { Anchor, Badge, SegmentedControl } from '@mantine/core'
import { useMemo, useState } from 'react'
import { Link } from 'react-router'
import { systemClock } from '../../lib/clock.ts'
import { useAsk } from '../shared/ask.ts'
import { DataTable } from '../shared/data-table.tsx'
import { quantity } from '../shared/figures.ts'
import { Page } from '../shared/page.tsx'
import { Panel } from '../shared/panel.tsx'
import { Empty, Shown } from '../shared/states.tsx'
import { TenantLink } from './call-rows.tsx'

const HOUR_MS = 3_600_000
const QUARTER_MS = 900_000
const SPANS = { 'Last hour': 1, 'Last day': 24, 'Last week': 168 } as const
const NAMES = ['Last hour', 'Last day', 'Last week'] as const

/** What was refused and why: limits hit, quotas used up, keys that were not accepted. */
export function RefusalsPage() {
  const [name, setName] = useState<(typeof NAMES)[number]>('Last day')
  const from = useMemo(() => quarterBefore(systemClock.nowMs() - SPANS[name] * HOUR_MS), [name])
  const refusals = useAsk('limitsHit', { from }, { everyMs: 10_000 })
  return (
    <Page
      title="Limits hit"
      about="What was refused and why, most first."
      actions={
        <SegmentedControl
          size="xs"
          aria-label="Span"
          data={[...NAMES]}
          value={name}
          onChange={(value) => setName(NAMES.find((each) => each === value) ?? 'Last day')}
        />
      }
    >
      <Panel isFlush>
        <Shown query={refusals}>
          {({ rows }) =>
            rows.length === 0 ? (
              <Empty title="No customer was refused">Everybody stayed within limits and quotas.</Empty>
            ) : (
              <DataTable
                caption="What was refused"
                rows={rows}
                keyOf={(_, index) => index}
                columns={[
                  { title: 'Why', cell: ({ refusal }) => <Badge color="orange">{refusal}</Badge> },
                  { title: 'Tenant', cell: ({ tenant_id }) => <TenantLink id={tenant_id} /> },
                  { title: 'Key', cell: ({ key_id }) => key_id || '–' },
                  { title: 'Route', cell: ({ route_id }) => route_id || '–' },
                  { title: 'Calls', isFigure: true, cell: ({ requests }) => quantity(requests) },
                  {
                    title: 'Calls of it',
                    cell: (row) => (
                      <Anchor component={Link} to={`/usage?${searchOf(row)}`}>
                        Show
                      </Anchor>
                    ),
                  },
                ]}
              />
            )
          }
        </Shown>
      </Panel>
    </Page>
  )
}

/** What the usage page is narrowed down to by a row. */
function searchOf(row: { readonly tenant_id: string; readonly key_id: string; readonly route_id: string }) {
  const { tenant_id: tenant, key_id: key, route_id: route } = row
  const named = Object.entries({ tenant, key, route }).filter(([, value]) => value !== '')
  return new URLSearchParams([...named, ['status', '4xx']])
}

/** Usage is kept in quarters of an hour. */
function quarterBefore(ms: number): string {
  return new Date(Math.floor(ms / QUARTER_MS) * QUARTER_MS).toISOString()
}
