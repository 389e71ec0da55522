import { useAsk } from '../shared/ask.ts'
import { FactList } from '../shared/fact-list.tsx'
import { money } from '../shared/figures.ts'
import { Shown } from '../shared/states.tsx'

/** What a change of plan does to the bill, before it is made. */
export function PlanChangeFigures({ tenant, plan, at }: PlanChangeFiguresProps) {
  const preview = useAsk('previewChange', { tenant, plan, at })
  return (
    <Shown query={preview} rows={2}>
      {({ this_period: now, next_period: next, currency }) => (
        <FactList
          facts={[
            ['This period', `${money(now.unchanged, currency)} → ${money(now.changed, currency)}`],
            ['Next period', `${money(next.unchanged, currency)} → ${money(next.changed, currency)}`],
          ]}
        />
      )}
    </Shown>
  )
}

export interface PlanChangeFiguresProps {
  readonly tenant: string
  readonly plan: string
  readonly at: 'now' | 'period-end'
}
