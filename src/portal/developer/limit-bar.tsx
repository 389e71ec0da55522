import { Group, Progress, Stack, Text } from '@mantine/core'
import { percent, quantity } from '../shared/figures.ts'
import { distance } from '../shared/times.ts'

/** How far a limit or quota is used, and when it opens again. */
export function LimitBar({ left, now }: LimitBarProps) {
  const used = percent(String(left.used), String(left.limit))
  const color = used >= 100 && left.kind !== 'quota' ? 'red' : used >= 80 ? 'orange' : 'brand'
  return (
    <Stack gap={4}>
      <Group justify="space-between" gap="xs">
        <Text fw={500}>{limitName(left.id, left.kind)}</Text>
        <Text c="dimmed" className="gatez-figure">
          {quantity(left.used)} of {quantity(left.limit)}
        </Text>
      </Group>
      <Progress
        value={Math.min(used, 100)}
        color={color}
        size="sm"
        aria-label={limitName(left.id, left.kind)}
      />
      <Text size="sm" c="dimmed">
        {leftText(left, now)}
      </Text>
    </Stack>
  )
}

export interface LimitBarProps {
  readonly left: {
    readonly id: string
    readonly kind: string
    readonly limit: number
    readonly used: number
    readonly remaining: number
    readonly resets_at: string
  }
  /** The moment it was asked, by the clock of the server. */
  readonly now: string
}

/** A quota starts over at a moment; a limit looks back from each call, so its places free one by one. */
function leftText(
  { kind, limit, used, remaining, resets_at: resetsAt }: LimitBarProps['left'],
  now: string,
): string {
  const when = distance(Date.parse(resetsAt), Date.parse(now))
  if (used >= limit)
    return kind === 'quota'
      ? `All that is included is used; starts over ${when}`
      : `Used up; opens again ${when}`
  return kind === 'quota' ? `${quantity(remaining)} left; starts over ${when}` : `${quantity(remaining)} left`
}

/** `tenant-day` as people say it. */
function limitName(id: string, kind: string): string {
  const [, scope, per] = /^(tenant|key|route)-(\w+)$/.exec(id) ?? []
  const [, meter, cycle] = /^(\w+)-(month|day|week|year)$/.exec(id) ?? []
  if (kind === 'quota' && meter !== undefined) return `${capital(meter)} this ${cycle}`
  if (per === undefined) return id
  return `Calls a ${per}${scope === 'key' ? ', each key' : scope === 'route' ? ', each route' : ''}`
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`
}
