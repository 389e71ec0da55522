import { Badge, Stack, Text } from '@mantine/core'
import type { ListedKey } from './keys-page.tsx'

/** Where a key is between request and end, and why. */
export function KeyState({ keyView }: { readonly keyView: ListedKey }) {
  const { color, text } = STATES[keyView.state]
  const why = keyView.decision_reason ?? (keyView.replaced_by === null ? null : 'Replaced by another key')
  return (
    <Stack gap={2} align="flex-start">
      <Badge color={color}>{text}</Badge>
      {why !== null && (
        <Text size="xs" c="dimmed" maw={220}>
          {why}
        </Text>
      )}
    </Stack>
  )
}

const STATES = {
  requested: { color: 'yellow', text: 'Waits for approval' },
  approved: { color: 'blue', text: 'Ready to reveal' },
  active: { color: 'green', text: 'Active' },
  rejected: { color: 'red', text: 'Turned down' },
  revoked: { color: 'gray', text: 'Revoked' },
  expired: { color: 'gray', text: 'Expired' },
} as const
