import { SimpleGrid } from '@mantine/core'
import type { AnswerOf } from '../../control/client.ts'
import { useAsk } from '../shared/ask.ts'
import { FigureCard } from '../shared/figure-card.tsx'
import { quantity } from '../shared/figures.ts'
import { Panel } from '../shared/panel.tsx'
import { Empty, Shown } from '../shared/states.tsx'
import { When } from '../shared/when.tsx'
import { Sparkline } from './sparkline.tsx'

const LIVE_MS = 1_000

type Traffic = NonNullable<AnswerOf<'trafficNow'>['traffic']>

/** The last minute in figures, and each of its seconds as a bar. */
export function TrafficPanel() {
  const answer = useAsk('trafficNow', {}, { everyMs: LIVE_MS })
  return (
    <Shown query={answer} rows={2}>
      {({ traffic }) =>
        traffic === null ? (
          <Panel title="Live traffic">
            <Empty title="No gateway runs here">What it does is counted where it runs.</Empty>
          </Panel>
        ) : (
          <>
            <Figures traffic={traffic} />
            <Panel title="Requests a second">
              <Sparkline values={traffic.per_second} name="Requests in each of the last seconds" />
            </Panel>
          </>
        )
      }
    </Shown>
  )
}

function Figures({ traffic }: { readonly traffic: Traffic }) {
  const { last_minute: last, metered_percent: metered } = traffic
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, lg: 3, xl: 6 }} spacing="sm">
      <FigureCard
        label="Requests a minute"
        value={quantity(last.requests)}
        below={`${quantity(traffic.open)} under way`}
      />
      <FigureCard label="Half within" value={milliseconds(last.p50_ms)} below="p50 of the last minute" />
      <FigureCard
        label="95 % within"
        value={milliseconds(last.p95_ms)}
        below={`99 % within ${milliseconds(last.p99_ms)}`}
      />
      <FigureCard
        label="Errors"
        value={`${last.errors_percent ?? '0'} %`}
        below={`${quantity(last.errors)} answered with 500 and above`}
      />
      <FigureCard label="Refused" value={quantity(last.refused)} below={reasonText(last.refusals)} />
      <FigureCard
        label="Metered"
        value={metered === null ? '–' : `${metered} %`}
        below={
          <>
            {quantity(traffic.metered)} of {quantity(traffic.completed)} since <When at={traffic.since} />
          </>
        }
      />
    </SimpleGrid>
  )
}

function milliseconds(value: number | null): string {
  return value === null ? '–' : `${quantity(value.toFixed(1))} ms`
}

function reasonText(refusals: Traffic['last_minute']['refusals']): string {
  const [first] = Object.keys(refusals)
  return first === undefined ? 'none in the last minute' : `most often ${first}`
}
