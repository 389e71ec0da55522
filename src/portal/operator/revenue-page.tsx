import { Alert, SimpleGrid, Text } from '@mantine/core'
import type { AnswerOf } from '../../control/client.ts'
import { useAsk } from '../shared/ask.ts'
import { DataTable } from '../shared/data-table.tsx'
import { FigureCard } from '../shared/figure-card.tsx'
import { money, quantity } from '../shared/figures.ts'
import { Page } from '../shared/page.tsx'
import { Panel } from '../shared/panel.tsx'
import { Empty, Shown } from '../shared/states.tsx'
import { periodText } from '../shared/times.ts'
import { When } from '../shared/when.tsx'
import { TenantLink } from './call-rows.tsx'

type Revenue = AnswerOf<'revenue'>

const LIVE_MS = 15_000

/** What the running periods come to, what they will come to, and who brings it. */
export function RevenuePage() {
  const revenue = useAsk('revenue', {}, { everyMs: LIVE_MS })
  return (
    <Page
      title="Revenue"
      about={
        <>
          Of the periods that run now, before tax: the same numbers that invoices will say
          {revenue.data !== undefined && (
            <>
              . As of <When at={revenue.data.as_of} style="exact" />
            </>
          )}
          .
        </>
      }
    >
      <Shown query={revenue}>
        {(data) => (
          <>
            <Figures revenue={data} />
            {data.unpriced.length > 0 && <Unpriced rows={data.unpriced} />}
            <Plans revenue={data} />
            <Tenants revenue={data} />
          </>
        )}
      </Shown>
    </Page>
  )
}

function Figures({ revenue }: { readonly revenue: Revenue }) {
  const { currency, so_far, forecast, mrr, outstanding, overdue } = revenue
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, lg: 4 }} spacing="sm">
      <FigureCard label="This period so far" value={money(so_far, currency)} below="fees and usage" />
      <FigureCard label="Forecast" value={money(forecast, currency)} below="if use goes on like this" />
      <FigureCard label="MRR" value={money(mrr, currency)} below="subscriptions in a month" />
      <FigureCard
        label="To be paid"
        value={money(outstanding, currency)}
        below={`of it overdue ${money(overdue, currency)}, with tax`}
      />
    </SimpleGrid>
  )
}

function Unpriced({ rows }: { readonly rows: Revenue['unpriced'] }) {
  return (
    <Alert color="orange" title="In none of these amounts">
      {rows.map(({ tenant_id, why }) => (
        <Text key={tenant_id}>
          {tenant_id}: {why}
        </Text>
      ))}
    </Alert>
  )
}

function Plans({ revenue: { plans, currency } }: { readonly revenue: Revenue }) {
  return (
    <Panel title="By plan" isFlush>
      {plans.length === 0 ? (
        <Empty title="Nobody is on a plan">Revenue begins with the first subscription.</Empty>
      ) : (
        <DataTable
          caption="Revenue by plan"
          rows={plans}
          keyOf={({ plan }) => plan}
          columns={[
            { title: 'Plan', cell: ({ plan }) => plan },
            { title: 'Tenants', isFigure: true, cell: ({ tenants }) => quantity(tenants) },
            { title: 'So far', isFigure: true, cell: ({ so_far }) => money(so_far, currency) },
            { title: 'Forecast', isFigure: true, cell: ({ forecast }) => money(forecast, currency) },
            { title: 'MRR', isFigure: true, cell: ({ mrr }) => money(mrr, currency) },
          ]}
        />
      )}
    </Panel>
  )
}

function Tenants({ revenue: { tenants, currency } }: { readonly revenue: Revenue }) {
  if (tenants.length === 0) return null
  return (
    <Panel title="By tenant" isFlush>
      <DataTable
        caption="Revenue by tenant"
        rows={tenants}
        keyOf={({ tenant_id, plan }) => `${tenant_id} ${plan}`}
        columns={[
          { title: 'Tenant', cell: (row) => <TenantLink id={row.tenant_id} name={row.tenant_name} /> },
          { title: 'Plan', cell: ({ plan }) => plan },
          { title: 'Period', cell: periodOf },
          { title: 'So far', isFigure: true, cell: ({ so_far }) => money(so_far, currency) },
          { title: 'Forecast', isFigure: true, cell: ({ forecast }) => money(forecast, currency) },
          { title: 'MRR', isFigure: true, cell: ({ mrr }) => money(mrr, currency) },
        ]}
      />
    </Panel>
  )
}

/** Who has nothing to be billed has no period. */
function periodOf(row: Revenue['tenants'][number]): string {
  return row.period_start < row.period_end ? periodText(row.period_start, row.period_end, 'UTC') : '–'
}
