import { Anchor } from '@mantine/core'
import { Link } from 'react-router'
import { useAsk } from '../shared/ask.ts'
import { FactList } from '../shared/fact-list.tsx'
import { money } from '../shared/figures.ts'
import { Panel } from '../shared/panel.tsx'
import { Shown } from '../shared/states.tsx'

const LIVE_MS = 30_000

/** What the running periods come to, and what is owed. */
export function RevenuePanel() {
  const revenue = useAsk('revenue', {}, { everyMs: LIVE_MS })
  return (
    <Panel
      title="Revenue this period"
      actions={
        <Anchor component={Link} to="/revenue" size="sm">
          Details
        </Anchor>
      }
    >
      <Shown query={revenue} rows={3}>
        {({ currency, so_far, forecast, mrr, outstanding, overdue }) => (
          <FactList
            facts={[
              [
                'So far',
                <b key="so-far" data-figure="So far">
                  {money(so_far, currency)}
                </b>,
              ],
              ['Forecast', money(forecast, currency)],
              ['MRR', money(mrr, currency)],
              ['To be paid', money(outstanding, currency)],
              ['Overdue', money(overdue, currency)],
            ]}
          />
        )}
      </Shown>
    </Panel>
  )
}
