import '@mantine/charts/styles.css'
import { BarChart } from '@mantine/charts'
import { plotted } from '../shared/figures.ts'
import { Empty } from '../shared/states.tsx'
import { dayText } from '../shared/times.ts'
import { totalsOf } from './usage-rows.ts'
import { labelOf } from './usage-table.tsx'

/** Calls as bars, what was refused on top; the table below says the same in figures. */
export function UsageChart({ rows, by }: UsageChartProps) {
  const data = rows
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
        gridAxis="y"
        maxBarWidth={36}
        barChartProps={{ accessibilityLayer: false }}
        yAxisProps={{ allowDecimals: false, width: 48 }}
        barProps={{ isAnimationActive: false }}
      />
    </div>
  )
}

export interface UsageChartProps {
  readonly rows: readonly object[]
  readonly by: string
}
