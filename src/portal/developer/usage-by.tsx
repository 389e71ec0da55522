import { Text } from '@mantine/core'
import { cellOf } from '../shared/usage-rows.ts'
import { UsageTable } from '../shared/usage-table.tsx'

/** What was used, by what the customer chose. */
export function UsageBy({ rows, by, currency }: UsageByProps) {
  return (
    <UsageTable
      rows={rows}
      by={by}
      currency={currency}
      labelOf={(row) => labelOf(row, by)}
      cell={(row) => <Text fw={500}>{labelOf(row, by)}</Text>}
    />
  )
}

export interface UsageByProps {
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
