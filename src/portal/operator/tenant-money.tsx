import { Anchor } from '@mantine/core'
import { Link } from 'react-router'
import { useAsk } from '../shared/ask.ts'
import { FactList } from '../shared/fact-list.tsx'
import { money, quantity } from '../shared/figures.ts'
import { Panel } from '../shared/panel.tsx'
import { Shown } from '../shared/states.tsx'
import { totalsOf } from '../shared/usage-rows.ts'

/** What a tenant used this month, and what its period comes to. */
export function TenantMoney({ tenant }: { readonly tenant: string }) {
  const revenue = useAsk('revenue', { tenant }, { everyMs: 10_000 })
  const usage = useAsk('usageReport', { tenant, by: 'tenant' }, { everyMs: 10_000 })
  const total = usage.data === undefined ? undefined : totalsOf(usage.data.total)
  return (
    <Panel
      title="Usage and money"
      actions={
        <>
          <Anchor component={Link} to={`/usage?tenant=${encodeURIComponent(tenant)}`} size="sm">
            Usage
          </Anchor>
          <Anchor component={Link} to={`/invoices?tenant=${encodeURIComponent(tenant)}`} size="sm">
            Invoices
          </Anchor>
        </>
      }
    >
      <Shown query={revenue} rows={3}>
        {({ currency, so_far, forecast, mrr, outstanding, overdue }) => (
          <FactList
            facts={[
              ['Calls this month', total === undefined ? '–' : quantity(total.requests)],
              ['Refused', total === undefined ? '–' : quantity(total.refused)],
              ['This period so far', <b key="so-far">{money(so_far, currency)}</b>],
              ['Forecast', money(forecast, currency)],
              ['MRR', money(mrr, currency)],
              ['To be paid', `${money(outstanding, currency)}, of it overdue ${money(overdue, currency)}`],
            ]}
          />
        )}
      </Shown>
    </Panel>
  )
}
