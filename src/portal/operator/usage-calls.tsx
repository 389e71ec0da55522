import { Button, Group, NativeSelect, Text } from '@mantine/core'
import { useState } from 'react'
import { Panel } from '../shared/panel.tsx'
import { Empty, Shown } from '../shared/states.tsx'
import { CallRows } from './call-rows.tsx'
import { useLastCalls } from './tail.ts'

const FILTERS = ['tenant', 'key', 'route', 'status'] as const
const LAST = ['50', '200', '1000'] as const
const LIVE_MS = 5_000

/** The last calls of what the page is narrowed down to; each opens to why it was answered and billed as it was. */
export function UsageCalls({ search, onChoose }: UsageCallsProps) {
  const [last, setLast] = useState<(typeof LAST)[number]>('50')
  const filters = FILTERS.map((name) => [name, search.get(name) ?? ''] as const).filter(
    ([, value]) => value !== '',
  )
  const calls = useLastCalls({ last, ...Object.fromEntries(filters) }, LIVE_MS)
  return (
    <Panel
      title="Last calls"
      isFlush
      actions={
        <NativeSelect
          size="xs"
          aria-label="How many"
          data={LAST.map((value) => ({ value, label: `The last ${value}` }))}
          value={last}
          onChange={({ currentTarget }) => setLast(LAST.find((each) => each === currentTarget.value) ?? '50')}
        />
      }
    >
      {filters.length > 0 && (
        <Group gap="xs" p="sm">
          <Text c="dimmed">Only</Text>
          {filters.map(([name, value]) => (
            <Button
              key={name}
              size="compact-sm"
              variant="default"
              aria-label={`${name}: ${value} ✕ take away`}
              onClick={() => onChoose({ [name]: '' })}
            >
              {name}: {value} ✕
            </Button>
          ))}
        </Group>
      )}
      <Shown query={calls} rows={6}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty title="No such calls">
              Single calls are kept for a time; the sums above are kept for ever.
            </Empty>
          ) : (
            <CallRows rows={rows} />
          )
        }
      </Shown>
    </Panel>
  )
}

export interface UsageCallsProps {
  /** What the page is narrowed down to. */
  readonly search: URLSearchParams
  readonly onChoose: (changes: Readonly<Record<string, string>>) => void
}
