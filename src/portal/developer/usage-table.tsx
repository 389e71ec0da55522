import { Text } from '@mantine/core'
import { DataTable } from '../shared/data-table.tsx'
import { bytes, money, quantity } from '../shared/figures.ts'
import { Empty } from '../shared/states.tsx'
import { cellOf, totalsOf } from '../shared/usage-rows.ts'

/** A report row by row, every figure exactly as it is billed. */
export function UsageTable({ rows, by, currency }: UsageTableProps) {
  if (rows.length === 0)
    return <Empty title="Nothing was used">Calls are here about a second after their answer.</Empty>
  return (
    <DataTable
      caption={`Usage by ${by}`}
      rows={rows}
      keyOf={(row, index) => `${labelOf(row, by)} ${index}`}
      columns={[
        { title: NAMES[by] ?? by, cell: (row) => <Text fw={500}>{labelOf(row, by)}</Text> },
        { title: 'Calls', isFigure: true, cell: (row) => quantity(totalsOf(row).requests) },
        { title: 'Billable', isFigure: true, cell: (row) => quantity(totalsOf(row).billable) },
        { title: 'Refused', isFigure: true, cell: (row) => quantity(totalsOf(row).refused) },
        { title: 'Units', isFigure: true, cell: (row) => quantity(totalsOf(row).usage_units) },
        { title: 'Sent', isFigure: true, cell: (row) => bytes(totalsOf(row).bytes_sent) },
        {
          title: 'Amount',
          isFigure: true,
          cell: (row) => {
            const { amount } = totalsOf(row)
            return amount === undefined ? '–' : money(amount, currency)
          },
        },
      ]}
    />
  )
}

export interface UsageTableProps {
  readonly rows: readonly object[]
  readonly by: string
  readonly currency: string
}

/** What a row is about, in words. */
export function labelOf(row: object, by: string): string {
  if (by === 'key') return cellOf(row, 'key_name') || cellOf(row, 'key_id') || 'No key (fees)'
  if (by === 'route') return cellOf(row, 'route_id') || 'No route (fees)'
  return cellOf(row, by) || 'None'
}

const NAMES: Readonly<Record<string, string>> = { day: 'Day', route: 'Route', key: 'Key', status: 'Status' }
