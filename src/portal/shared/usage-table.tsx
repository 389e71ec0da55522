import type { ReactNode } from 'react'
import { DataTable } from './data-table.tsx'
import { bytes, money, quantity } from './figures.ts'
import { Empty } from './states.tsx'
import { totalsOf } from './usage-rows.ts'

/** A report row by row, every figure exactly as it is billed. */
export function UsageTable({ rows, by, currency, labelOf, cell }: UsageTableProps) {
  if (rows.length === 0)
    return <Empty title="Nothing was used">Calls are here about a second after their answer.</Empty>
  return (
    <DataTable
      caption={`Usage by ${by}`}
      rows={rows}
      keyOf={(row, index) => `${labelOf(row)} ${index}`}
      columns={[
        { title: by.replace(/^./, (first) => first.toUpperCase()), cell },
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
  /** Names the first column. */
  readonly by: string
  readonly currency: string
  /** What a row is about, in words. */
  readonly labelOf: (row: object) => string
  /** Shows it in the first column. */
  readonly cell: (row: object) => ReactNode
}
