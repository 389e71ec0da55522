import '@mantine/charts/styles.css'
import { BarChart } from '@mantine/charts'
import { plotted } from '../shared/figures.ts'
import { Empty } from '../shared/states.tsx'
import { dayText } from '../shared/times.ts'
import { cellOf, totalsOf } from '../shared/usage-rows.ts'
import { labelOf } from './usage-by.tsx'

/** Calls as bars, what was refused on top; the table below says the same in figures. */
export function UsageChart({ rows, by }: UsageChartProps) {
  const data = (by === 'day' ? everyDay(rows) : rows)
    .map((row) => {
      const { requests, refused } = totalsOf(row)
      const label = labelOf(row, by)
      return {
        label: by === 'day' ? dayText(label) : label,
        Answered: plotted(requests - refused),
        Refused: plotted(refused),
      }
    })
    .filter(({ Answered, Refused }) => by === 'day' || Answered + Refused > 0)
  if (data.length === 0)
    return <Empty title="No calls yet">They are here about a second after their answer.</Empty>
  return (
    <div role="img" aria-label={`Calls by ${by}; the table below has the figures.`}>
      <BarChart
        h={220}
        data={data}
        dataKey="label"
        type="stacked"
        series={[
          { name: 'Answered', color: 'brand.6' },
          { name: 'Refused', color: 'orange.6' },
        ]}
        withLegend
        tickLine="none"
        gridAxis="x"
        maxBarWidth={36}
        barChartProps={{ accessibilityLayer: false }}
        yAxisProps={{ allowDecimals: false, width: 48 }}
        barProps={{ isAnimationActive: false }}
      />
    </div>
  )
}

/** A row for each day from the first to the last, so that days without calls are seen as such. */
function everyDay(rows: readonly object[]): readonly object[] {
  const known = new Map(rows.map((row) => [cellOf(row, 'day'), row]))
  const days = [...known.keys()].filter((day) => day !== '').toSorted()
  const [first, last] = [days[0], days.at(-1)]
  if (first === undefined || last === undefined) return rows
  const count = Math.round((Date.parse(last) - Date.parse(first)) / DAY_MS) + 1
  return Array.from({ length: count }, (_, index) => {
    const day = new Date(Date.parse(first) + index * DAY_MS).toISOString().slice(0, 10)
    return known.get(day) ?? { day }
  })
}

const DAY_MS = 86_400_000

export interface UsageChartProps {
  readonly rows: readonly object[]
  readonly by: string
}
