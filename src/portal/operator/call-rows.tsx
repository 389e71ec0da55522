import { Anchor, Code } from '@mantine/core'
import { Link } from 'react-router'
import { DataTable } from '../shared/data-table.tsx'
import { quantity } from '../shared/figures.ts'
import { Status } from '../shared/status.tsx'
import { When } from '../shared/when.tsx'
import type { Call } from './tail.ts'

/** Single calls; each opens to why it was answered and billed as it was. */
export function CallRows({ rows, caption = 'Calls, newest first' }: CallRowsProps) {
  return (
    <DataTable
      caption={caption}
      rows={rows}
      keyOf={({ id }) => id}
      columns={[
        { title: 'When', cell: ({ timestamp }) => <When at={timestamp} style="exact" /> },
        {
          title: 'Call',
          cell: ({ method, endpoint }) => (
            <Code>
              {method} {endpoint}
            </Code>
          ),
        },
        { title: 'Status', cell: ({ status_code }) => <Status code={status_code} /> },
        { title: 'Took', isFigure: true, cell: (row) => `${quantity(row.response_time_ms)} ms` },
        { title: 'Tenant', cell: ({ tenant_id }) => <TenantLink id={tenant_id} /> },
        { title: 'Key', cell: ({ key_id }) => key_id || '–' },
        { title: 'Route', cell: ({ route_id }) => route_id || '–' },
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

export interface CallRowsProps {
  readonly rows: readonly Call[]
  readonly caption?: string
}

/** A tenant by its id, as the way to its page; a dash where it is nobody's. */
export function TenantLink({ id, name = id }: { readonly id: string; readonly name?: string }) {
  if (id === '') return '–'
  return (
    <Anchor component={Link} to={`/tenants/${encodeURIComponent(id)}`}>
      {name}
    </Anchor>
  )
}
