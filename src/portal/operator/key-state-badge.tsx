import { Badge } from '@mantine/core'

/** Where a key is between request and end. */
export function KeyStateBadge({ state }: { readonly state: keyof typeof COLORS }) {
  return <Badge color={COLORS[state]}>{state}</Badge>
}

const COLORS = {
  requested: 'yellow',
  approved: 'blue',
  active: 'green',
  rejected: 'red',
  revoked: 'gray',
  expired: 'gray',
} as const
