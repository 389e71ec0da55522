import { Alert, Badge, NativeSelect, Text } from '@mantine/core'
import { useSearchParams } from 'react-router'
import type { AnswerOf } from '../../control/client.ts'
import { useAsk } from '../shared/ask.ts'
import { DataTable } from '../shared/data-table.tsx'
import { quantity } from '../shared/figures.ts'
import { lastMonths } from '../shared/months.ts'
import { Page } from '../shared/page.tsx'
import { Panel } from '../shared/panel.tsx'
import { Empty, Shown } from '../shared/states.tsx'
import { TenantLink } from './call-rows.tsx'
import { LeakPanel } from './leak-panel.tsx'

type Reconciliation = AnswerOf<'reconcile'>

/** Whether all stores say the same of a month, and what may be missing on its bills. */
export function ProofPage() {
  const [search, setSearch] = useSearchParams()
  const months = lastMonths()
  const month = search.get('month') ?? months[0] ?? ''
  const proof = useAsk('reconcile', { month })
  return (
    <Page
      title="Proof"
      about="Everything is counted again from the raw calls on, and every store is held against it."
      actions={
        <NativeSelect
          aria-label="Month"
          data={[...months]}
          value={month}
          onChange={({ currentTarget }) => setSearch({ month: currentTarget.value }, { replace: true })}
        />
      }
    >
      <Shown query={proof}>
        {(data) => (
          <>
            <Verdict proof={data} />
            {data.differences.length > 0 && <Differences proof={data} />}
            <Figures proof={data} />
          </>
        )}
      </Shown>
      <LeakPanel month={month} />
    </Page>
  )
}

function Verdict({ proof }: { readonly proof: Reconciliation }) {
  return (
    <Alert
      color={proof.equal ? 'green' : 'red'}
      title={proof.equal ? 'Every store says the same' : `${quantity(proof.differences_total)} differences`}
    >
      <Text data-figure="Counted again">
        {quantity(proof.events)} raw events were counted again, {quantity(proof.invoices)} invoices held
        against the ledger
        {proof.invoices_waiting > 0 ? `; ${quantity(proof.invoices_waiting)} wait to be adjusted` : ''}.
      </Text>
    </Alert>
  )
}

function Differences({ proof }: { readonly proof: Reconciliation }) {
  return (
    <Panel title="Differences" isFlush>
      <DataTable
        caption="Differences"
        rows={proof.differences}
        keyOf={(_, index) => index}
        columns={[
          { title: 'Store', cell: ({ store }) => store },
          { title: 'What', cell: ({ what }) => <Text maw={560}>{what}</Text> },
          { title: 'Tenant', cell: ({ tenant_id }) => <TenantLink id={tenant_id ?? ''} /> },
          { title: 'Events', cell: ({ events }) => events.slice(0, 3).join(', ') || '–' },
        ]}
      />
    </Panel>
  )
}

function Figures({ proof }: { readonly proof: Reconciliation }) {
  if (proof.rows.length === 0)
    return (
      <Panel>
        <Empty title="Nothing was used">There is nothing to hold against anything in this month.</Empty>
      </Panel>
    )
  const figure = (value: string | null) => (value === null ? '–' : quantity(value))
  return (
    <Panel title="What each store has" isFlush>
      <DataTable
        caption="What each store has"
        rows={proof.rows}
        keyOf={({ tenant_id, meter }) => `${tenant_id} ${meter}`}
        columns={[
          { title: 'Tenant', cell: ({ tenant_id }) => <TenantLink id={tenant_id} /> },
          { title: 'Meter', cell: ({ meter }) => meter },
          { title: 'Raw', isFigure: true, cell: ({ raw }) => figure(raw) },
          { title: 'Ledger', isFigure: true, cell: ({ rollups }) => figure(rollups) },
          { title: 'Quota', isFigure: true, cell: ({ quota }) => figure(quota) },
          { title: 'Report', isFigure: true, cell: ({ report }) => figure(report) },
          { title: 'Export', isFigure: true, cell: (row) => figure(row.export) },
          { title: 'Invoiced', isFigure: true, cell: ({ invoiced }) => figure(invoiced) },
          {
            title: 'Equal',
            cell: ({ equal }) => <Badge color={equal ? 'green' : 'red'}>{equal ? 'yes' : 'no'}</Badge>,
          },
        ]}
      />
    </Panel>
  )
}
