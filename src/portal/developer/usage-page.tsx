import { Button, Group, NativeSelect, SegmentedControl } from '@mantine/core'
import { lazy, Suspense } from 'react'
import { useSearchParams } from 'react-router'
import { useAsk } from '../shared/ask.ts'
import { lastMonths } from '../shared/months.ts'
import { Page } from '../shared/page.tsx'
import { Panel } from '../shared/panel.tsx'
import { Loading, Shown } from '../shared/states.tsx'
import { dayIn } from '../shared/times.ts'
import { UsageFigures } from '../shared/usage-figures.tsx'
import { CallTable } from './call-table.tsx'
import { UsageBy } from './usage-by.tsx'

const UsageChart = lazy(async () => ({ default: (await import('./usage-chart.tsx')).UsageChart }))

const BY = [
  { value: 'day', label: 'Day' },
  { value: 'route', label: 'Route' },
  { value: 'key', label: 'Key' },
  { value: 'status', label: 'Status' },
]

const LIVE_MS = 5_000

/** What was used in a month, from every side, down to single calls. */
export function UsagePage() {
  const [search, setSearch] = useSearchParams()
  const standing = useAsk('myStanding', {})
  return (
    <Shown query={standing}>
      {({ now, timezone }) => {
        const months = lastMonths(dayIn(now, timezone).slice(0, 7))
        const month = search.get('month') ?? months[0] ?? ''
        const by = search.get('by') ?? 'day'
        const choose = (name: string, value: string) =>
          setSearch((before) => {
            before.set(name, value)
            return before
          })
        const file = `/api/portal/v1/usage/export?month=${month}`
        return (
          <Page
            title="Usage"
            about={`Days begin at midnight in ${timezone}. These are the numbers of your bill.`}
            actions={
              <Group gap="xs">
                <NativeSelect
                  aria-label="Month"
                  data={[...months]}
                  value={month}
                  onChange={({ currentTarget }) => choose('month', currentTarget.value)}
                />
                <Button component="a" href={file} download={`usage-${month}.csv`} variant="default">
                  Download CSV
                </Button>
              </Group>
            }
          >
            <Usage month={month} by={by} onBy={(value) => choose('by', value)} />
          </Page>
        )
      }}
    </Shown>
  )
}

interface UsageProps {
  readonly month: string
  readonly by: string
  readonly onBy: (by: string) => void
}

function Usage({ month, by, onBy }: UsageProps) {
  const usage = useAsk('myUsage', { month, by }, { everyMs: LIVE_MS })
  return (
    <>
      <Shown query={usage}>
        {(report) => {
          const currency = report.currency ?? 'USD'
          return (
            <>
              <UsageFigures report={report} sent="sent to you" />
              <Panel
                title="Calls"
                actions={<SegmentedControl size="xs" data={BY} value={by} onChange={onBy} aria-label="By" />}
              >
                <Suspense fallback={<Loading />}>
                  <UsageChart rows={report.rows} by={by} />
                </Suspense>
              </Panel>
              <Panel title={`By ${by}`} isFlush>
                <UsageBy rows={report.rows} by={by} currency={currency} />
              </Panel>
            </>
          )
        }}
      </Shown>
      <CallTable month={month} />
    </>
  )
}
