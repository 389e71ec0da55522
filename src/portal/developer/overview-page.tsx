import { Anchor, SimpleGrid, Stack, Text } from '@mantine/core'
import { Link } from 'react-router'
import { useAsk } from '../shared/ask.ts'
import { FigureCard } from '../shared/figure-card.tsx'
import { bytes, money, percent, quantity } from '../shared/figures.ts'
import { Page } from '../shared/page.tsx'
import { Panel } from '../shared/panel.tsx'
import { Shown } from '../shared/states.tsx'
import { dayIn, periodText } from '../shared/times.ts'
import { totalsOf } from '../shared/usage-rows.ts'
import { FirstRun } from './first-run.tsx'
import { LimitBar } from './limit-bar.tsx'

const LIVE_MS = 5_000

/** Where an organisation stands today: calls, money, errors, and what is left of its limits. */
export function OverviewPage() {
  const account = useAsk('myAccount', {})
  const standing = useAsk('myStanding', {}, { everyMs: LIVE_MS })
  const plan = account.data?.plan ?? undefined
  return (
    <Page
      title="Overview"
      about={
        account.data !== undefined && (
          <>
            {account.data.tenant.name}, on{' '}
            {plan === undefined ? (
              'no plan yet'
            ) : (
              <Anchor component={Link} to="/plan">
                {plan.name}
              </Anchor>
            )}
            {standing.data !== undefined && <> · {periodOf(standing.data)}</>}
          </>
        )
      }
    >
      <FirstRun />
      <Shown query={standing}>
        {(data) => (
          <>
            <Figures standing={data} />
            {data.limits.length > 0 && (
              <Panel title="Limits">
                <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
                  {data.limits.map((left) => (
                    <LimitBar key={`${left.kind} ${left.id}`} left={left} now={data.now} />
                  ))}
                </SimpleGrid>
              </Panel>
            )}
          </>
        )}
      </Shown>
      <Routes />
    </Page>
  )
}

interface Standing {
  readonly from: string
  readonly to: string
  readonly timezone: string
  readonly currency: string
  readonly spent: string
  readonly forecast: string
  readonly now: string
}

function periodOf({ from, to, timezone }: Standing): string {
  return periodText(from, to, timezone)
}

function Figures({ standing }: { readonly standing: Standing }) {
  const { from, to, timezone: tz, now, currency } = standing
  const usage = useAsk('myUsage', { from, to, tz, by: 'day' }, { everyMs: LIVE_MS })
  const latency = useAsk('myLatency', { from, to })
  if (usage.data === undefined) return <Shown query={usage}>{() => null}</Shown>
  const total = totalsOf(usage.data.total)
  const today = usage.data.rows.find((row) => 'day' in row && row.day === dayIn(now, tz))
  const [row] = latency.data?.rows ?? []
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, lg: 3, xl: 6 }} spacing="sm">
      <FigureCard
        label="Calls today"
        value={quantity(today === undefined ? 0 : totalsOf(today).requests)}
        below={`since midnight, ${tz}`}
      />
      <FigureCard
        label="Calls this period"
        value={quantity(total.requests)}
        below={`${quantity(total.billable)} billable · ${bytes(total.bytes_sent)}`}
      />
      <FigureCard
        label="Spent so far"
        value={money(standing.spent, currency)}
        below={
          <Anchor component={Link} to="/invoices/next">
            See the lines
          </Anchor>
        }
      />
      <FigureCard
        label="Forecast"
        value={money(standing.forecast, currency)}
        below="if you go on like this"
      />
      <FigureCard
        label="Refused or failed"
        value={quantity(total.refused + (row?.failed ?? 0))}
        below={`${percent(String(total.refused + (row?.failed ?? 0)), String(total.requests))} % of all calls`}
      />
      <FigureCard
        label="95 % answered within"
        value={row === undefined || row.p95_ms === null ? '–' : `${quantity(row.p95_ms)} ms`}
        below={
          row === undefined || row.p50_ms === null ? 'no calls yet' : `half within ${quantity(row.p50_ms)} ms`
        }
      />
    </SimpleGrid>
  )
}

function Routes() {
  const apis = useAsk('myApis', {})
  const priced = (apis.data?.data ?? []).flatMap(({ routes }) => routes)
  if (priced.every(({ price_now }) => price_now === null)) return null
  const currency = apis.data?.currency ?? 'USD'
  return (
    <Panel title="What a call costs now">
      <Stack gap={6}>
        {priced.map(({ id, price_now }) => (
          <Text key={id}>
            <code>{id}</code> costs you{' '}
            <b>{price_now === null || price_now === '0' ? 'nothing' : money(price_now, currency)}</b> now
          </Text>
        ))}
      </Stack>
    </Panel>
  )
}
