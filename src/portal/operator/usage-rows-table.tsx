import { Anchor, Text } from '@mantine/core'
import { cellOf } from '../shared/usage-rows.ts'
import { UsageTable } from '../shared/usage-table.tsx'

/** A report row by row; a tenant, a key, a route or a status opens to what is below it. */
export function UsageRows({ rows, by, currency, onOpen }: UsageRowsProps) {
  return (
    <UsageTable
      rows={rows}
      by={by}
      currency={currency}
      labelOf={(row) => labelOf(row, by)}
      cell={(row) => <Opening row={row} by={by} onOpen={onOpen} />}
    />
  )
}

export interface UsageRowsProps {
  readonly rows: readonly object[]
  readonly by: string
  readonly currency: string
  /** Narrows the page down to a row: fields of its address. */
  readonly onOpen: (changes: Readonly<Record<string, string>>) => void
}

function Opening({ row, by, onOpen }: Pick<UsageRowsProps, 'by' | 'onOpen'> & { readonly row: object }) {
  const label = labelOf(row, by)
  const changes = openingOf(row, by)
  if (changes === undefined) return <Text fw={500}>{label}</Text>
  return (
    <Anchor component="button" type="button" ta="left" onClick={() => onOpen(changes)}>
      {label}
    </Anchor>
  )
}

/** What the page is narrowed down to by a row; undefined where there is nothing below. */
function openingOf(row: object, by: string): Readonly<Record<string, string>> | undefined {
  const id = cellOf(row, `${by}_id`)
  if (by === 'tenant' && id !== '') return { tenant: id, by: 'key' }
  if ((by === 'key' || by === 'route') && id !== '') return { [by]: id }
  const status = cellOf(row, 'status')
  return by === 'status' && status !== '' ? { status } : undefined
}

function labelOf(row: object, by: string): string {
  return cellOf(row, `${by}_name`) || cellOf(row, `${by}_id`) || cellOf(row, by) || `No ${by}`
}
