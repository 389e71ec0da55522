import { Anchor } from '@mantine/core'
import { Link } from 'react-router'
import { useAsk } from '../shared/ask.ts'
import { DataTable } from '../shared/data-table.tsx'
import { quantity } from '../shared/figures.ts'
import { Panel } from '../shared/panel.tsx'
import { Empty, Shown } from '../shared/states.tsx'
import { TenantLink } from './call-rows.tsx'

/** What may be missing on the bills of a month, and why. */
export function LeakPanel({ month }: { readonly month: string }) {
  const leaks = useAsk('usageLeaks', { month })
  return (
    <Panel title="Leakage" isFlush>
      <Shown query={leaks}>
        {({ rows }) =>
          rows.length === 0 ? (
            <Empty title="Nothing leaks">
              Every call of this month has a tenant, a quantity and a price.
            </Empty>
          ) : (
            <DataTable
              caption="What may be missing on bills"
              rows={rows}
              keyOf={(_, index) => index}
              columns={[
                { title: 'What', cell: ({ kind }) => kind },
                { title: 'Tenant', cell: ({ tenant_id }) => <TenantLink id={tenant_id} /> },
                { title: 'Route', cell: ({ route_id }) => route_id || '–' },
                { title: 'Meter', cell: ({ meter }) => meter || '–' },
                { title: 'Why', cell: ({ reason }) => reason },
                { title: 'Calls', isFigure: true, cell: ({ calls }) => quantity(calls) },
                { title: 'First of them', cell: ({ ids: [first] }) => <CallLink id={first} /> },
              ]}
            />
          )
        }
      </Shown>
    </Panel>
  )
}

function CallLink({ id }: { readonly id: string | undefined }) {
  if (id === undefined) return '–'
  return (
    <Anchor component={Link} to={`/usage/calls/${encodeURIComponent(id)}`}>
      Explain
    </Anchor>
  )
}
