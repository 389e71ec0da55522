import { Badge } from '@mantine/core'

/** The state of an invoice as a word and a colour. */
export function InvoiceState({ state }: { readonly state: string }) {
  return <Badge color={COLORS[state] ?? 'gray'}>{state}</Badge>
}

const COLORS: Readonly<Record<string, string>> = {
  draft: 'yellow',
  open: 'blue',
  paid: 'green',
  overdue: 'red',
}
