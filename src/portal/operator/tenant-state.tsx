import { Badge } from '@mantine/core'

/** Whether a tenant may call, as a word and a colour. */
export function TenantState({ state }: { readonly state: keyof typeof STATES }) {
  const { color, text } = STATES[state]
  return <Badge color={color}>{text}</Badge>
}

const STATES = {
  active: { color: 'green', text: 'Active' },
  suspended: { color: 'orange', text: 'Suspended' },
  unpaid: { color: 'red', text: 'Unpaid' },
  capped: { color: 'orange', text: 'Spend cap reached' },
  deleted: { color: 'gray', text: 'Deleted' },
} as const
