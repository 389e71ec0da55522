/** What a row of a report sums up, whatever it is broken down by. */
export interface Totals {
  readonly requests: number
  readonly billable: number
  readonly refused: number
  readonly usage_units: number
  readonly bytes_received: number
  readonly bytes_sent: number
  readonly amount: string | undefined
}

/** The sums of a row: 0 where it has none. */
export function totalsOf(row: object): Totals {
  const fields = new Map(Object.entries(row))
  const number = (name: string): number => {
    const value = fields.get(name)
    return typeof value === 'number' ? value : 0
  }
  const amount = fields.get('amount')
  return {
    requests: number('requests'),
    billable: number('billable'),
    refused: number('refused'),
    usage_units: number('usage_units'),
    bytes_received: number('bytes_received'),
    bytes_sent: number('bytes_sent'),
    amount: typeof amount === 'string' ? amount : undefined,
  }
}

/** What a column of a row says; empty where it says nothing. */
export function cellOf(row: object, column: string): string {
  const value = new Map(Object.entries(row)).get(column)
  return typeof value === 'string' ? value : ''
}
