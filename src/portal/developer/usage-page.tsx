import { Button, Group, NativeSelect, SegmentedControl, SimpleGrid } from '@mantine/core'
import { lazy, Suspense } from 'react'
import { useSearchParams } from 'react-router'
import { useAsk } from '../shared/ask.ts'
import { FigureCard } from '../shared/figure-card.tsx'
import { bytes, money, quantity } from '../shared/figures.ts'
import { Page } from '../shared/page.tsx'
import { Panel } from '../shared/panel.tsx'
import { Loading, Shown } from '../shared/states.tsx'
import { dayIn, periodText } from '../shared/times.ts'
import { totalsOf } from '../shared/usage-rows.ts'
import { CallTable } from './call-table.tsx'
import { UsageTable } from './usage-table.tsx'

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
          const total = totalsOf(report.total)
          const currency = report.currency ?? 'USD'
          return (
            <>
              <SimpleGrid cols={{ base: 2, md: 4 }} spacing="sm">
                <FigureCard label="Calls" value={quantity(total.requests)} below={spanOf(report)} />
                <FigureCard
                  label="Billable"
                  value={quantity(total.billable)}
                  below={`${quantity(total.refused)} refused`}
                />
                <FigureCard
                  label="Units"
                  value={quantity(total.usage_units)}
                  below={`${bytes(total.bytes_sent)} sent to you`}
                />
                <FigureCard
                  label="Amount"
                  value={total.amount === undefined ? '–' : money(total.amount, currency)}
                  below="fees included, taxes not"
                />
              </SimpleGrid>
              <Panel
                title="Calls"
                actions={<SegmentedControl size="xs" data={BY} value={by} onChange={onBy} aria-label="By" />}
              >
                <Suspense fallback={<Loading />}>
                  <UsageChart rows={report.rows} by={by} />
                </Suspense>
              </Panel>
              <Panel title={`By ${by}`} isFlush>
                <UsageTable rows={report.rows} by={by} currency={currency} />
              </Panel>
            </>
          )
        }}
      </Shown>
      <CallTable month={month} />
    </>
  )
}

function spanOf({ from, to }: { readonly from: string; readonly to: string }): string {
  return periodText(from, to, 'UTC')
}

/** This month and the eleven before it, newest first. */
function lastMonths(newest: string): readonly string[] {
  const [year = 1970, month = 1] = newest.split('-').map(Number)
  return Array.from({ length: 12 }, (_, back) => {
    const date = new Date(Date.UTC(year, month - 1 - back, 1))
    return date.toISOString().slice(0, 7)
  })
}
