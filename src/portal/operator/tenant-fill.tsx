import { Progress, SimpleGrid, Stack, Text } from '@mantine/core'
import { useAsk } from '../shared/ask.ts'
import { percent, quantity } from '../shared/figures.ts'
import { Panel } from '../shared/panel.tsx'
import { Shown } from '../shared/states.tsx'
import { When } from '../shared/when.tsx'

const LIVE_MS = 5_000

/** How full the limits of a tenant are by the counters that refuse, and its quotas by the ledger. */
export function TenantFill({ tenant }: { readonly tenant: string }) {
  const limits = useAsk('limitsNow', { tenants: tenant }, { everyMs: LIVE_MS })
  const quotas = useAsk('listQuotas', { tenant }, { everyMs: LIVE_MS })
  return (
    <Panel title="Limits and quotas">
      <Shown query={quotas} rows={2}>
        {({ data }) => {
          const bars = [
            ...(limits.data?.data ?? []).map((row) => ({
              ...{
                name: row.limit,
                used: String(row.used),
                all: String(row.amount),
                until: row.resets_at,
                isEnd: true,
              },
            })),
            ...data.map((row) => ({
              ...{ name: row.quota, used: row.used, all: row.included, until: row.to },
              isEnd: row.on_exceed === 'block',
            })),
          ]
          if (bars.length === 0)
            return <Text c="dimmed">Its plan has no limits that all its keys share.</Text>
          return (
            <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
              {bars.map((bar) => (
                <FillBar key={bar.name} {...bar} />
              ))}
            </SimpleGrid>
          )
        }}
      </Shown>
    </Panel>
  )
}

interface FillBarProps {
  readonly name: string
  readonly used: string
  readonly all: string
  readonly until: string
  /** Whether calls are refused once it is full. */
  readonly isEnd: boolean
}

function FillBar({ name, used, all, until, isEnd }: FillBarProps) {
  const part = percent(used, all)
  return (
    <Stack gap={4}>
      <Text fw={500}>{name}</Text>
      <Progress
        value={Math.min(part, 100)}
        color={part >= 100 && isEnd ? 'red' : part >= 80 ? 'orange' : 'brand'}
        size="sm"
        aria-label={name}
      />
      <Text size="sm" c="dimmed">
        {quantity(used)} of {quantity(all)} ({part} %), until <When at={until} />
      </Text>
    </Stack>
  )
}
