import { Anchor, Button, NativeSelect, SegmentedControl } from '@mantine/core'
import { Link, useSearchParams } from 'react-router'
import { useAsk } from '../shared/ask.ts'
import { lastMonths } from '../shared/months.ts'
import { Page } from '../shared/page.tsx'
import { Panel } from '../shared/panel.tsx'
import { Shown } from '../shared/states.tsx'
import { UsageFigures } from '../shared/usage-figures.tsx'
import { UsageCalls } from './usage-calls.tsx'
import { UsageRows } from './usage-rows-table.tsx'

const BY = ['tenant', 'key', 'route', 'plan', 'status', 'day'] as const
const LIVE_MS = 5_000

/** What was used in a month, from every side: from all tenants down to one call. */
export function UsagePage() {
  const [search, setSearch] = useSearchParams()
  const months = lastMonths()
  const month = search.get('month') ?? months[0] ?? ''
  const tenant = search.get('tenant') ?? ''
  const by = BY.find((each) => each === search.get('by')) ?? (tenant === '' ? 'tenant' : 'key')
  const choose = (changes: Readonly<Record<string, string>>) =>
    setSearch((before) => withChanges(before, changes))
  const asked = { month, ...(tenant !== '' && { tenant }) }
  const usage = useAsk('usageReport', { ...asked, by }, { everyMs: LIVE_MS })
  const file = `/api/v1/usage/export?${new URLSearchParams({ ...asked, by })}`
  return (
    <Page
      title="Usage"
      about={tenant === '' ? 'Of all tenants, from the ledger.' : <OneTenant tenant={tenant} />}
      actions={
        <>
          <NativeSelect
            aria-label="Month"
            data={[...months]}
            value={month}
            onChange={({ currentTarget }) => choose({ month: currentTarget.value })}
          />
          <Button component="a" href={file} variant="default">
            Download CSV
          </Button>
        </>
      }
    >
      <Shown query={usage}>
        {(report) => {
          const currency = report.currency ?? 'USD'
          return (
            <>
              <UsageFigures report={report} sent="sent" />
              <Panel
                title={`By ${by}`}
                isFlush
                actions={
                  <SegmentedControl
                    size="xs"
                    aria-label="By"
                    data={[...BY]}
                    value={by}
                    onChange={(value) => choose({ by: value })}
                  />
                }
              >
                <UsageRows rows={report.rows} by={by} currency={currency} onOpen={choose} />
              </Panel>
            </>
          )
        }}
      </Shown>
      <UsageCalls search={search} onChoose={choose} />
    </Page>
  )
}

function OneTenant({ tenant }: { readonly tenant: string }) {
  return (
    <>
      Of{' '}
      <Anchor component={Link} to={`/tenants/${encodeURIComponent(tenant)}`}>
        {tenant}
      </Anchor>
      , from the ledger.{' '}
      <Anchor component={Link} to="/usage">
        Of all tenants
      </Anchor>
    </>
  )
}

/** The same search with these fields; an empty one is left out. */
function withChanges(before: URLSearchParams, changes: Readonly<Record<string, string>>): URLSearchParams {
  const after = new URLSearchParams(before)
  for (const [name, value] of Object.entries(changes)) {
    if (value === '') after.delete(name)
    else after.set(name, value)
  }
  return after
}
