import { Anchor, Button, NativeSelect, TextInput } from '@mantine/core'
import { Link, useSearchParams } from 'react-router'
import { useAsk } from '../shared/ask.ts'
import { DataTable } from '../shared/data-table.tsx'
import { money } from '../shared/figures.ts'
import { InvoiceState } from '../shared/invoice-state.tsx'
import { Page } from '../shared/page.tsx'
import { Paged, usePages } from '../shared/pager.tsx'
import { Panel } from '../shared/panel.tsx'
import { Empty } from '../shared/states.tsx'
import { periodText } from '../shared/times.ts'
import { When } from '../shared/when.tsx'
import { TenantLink } from './call-rows.tsx'
import { RunInvoices } from './run-invoices.tsx'

const STATES = ['draft', 'open', 'overdue', 'paid', 'uncollectible', 'void'] as const

/** All invoices, the oldest period first; drafts wait here to be looked at and sent. */
export function InvoicesPage() {
  const pages = usePages()
  const [search, setSearch] = useSearchParams()
  const state = STATES.find((each) => each === search.get('state'))
  const tenant = search.get('tenant') ?? ''
  const choose = (name: string, value: string) => {
    pages.first()
    setSearch(
      (before) => {
        if (value === '') before.delete(name)
        else before.set(name, value)
        return before
      },
      { replace: true },
    )
  }
  const invoices = useAsk('listInvoices', {
    ...pages.asked,
    ...(state !== undefined && { state }),
    ...(tenant !== '' && { tenant }),
  })
  return (
    <Page
      title="Invoices"
      about="The oldest period first. Drafts wait until they are sent; what was sent is never changed."
      actions={
        <>
          <Button component="a" href="/api/v1/invoices/export" variant="default">
            Download CSV
          </Button>
          <RunInvoices />
        </>
      }
    >
      <Panel
        title="All invoices"
        isFlush
        actions={
          <>
            <TextInput
              size="xs"
              aria-label="Tenant"
              placeholder="Tenant"
              defaultValue={tenant}
              onBlur={({ currentTarget }) => choose('tenant', currentTarget.value.trim())}
              onKeyDown={({ key, currentTarget }) => {
                if (key === 'Enter') choose('tenant', currentTarget.value.trim())
              }}
            />
            <NativeSelect
              size="xs"
              aria-label="State"
              data={[{ value: '', label: 'Every state' }, ...STATES]}
              value={state ?? ''}
              onChange={({ currentTarget }) => choose('state', currentTarget.value)}
            />
          </>
        }
      >
        <Paged
          query={invoices}
          pages={pages}
          rows={8}
          empty={<Empty title="No such invoices">They are made when a period is over.</Empty>}
        >
          {(data) => <InvoiceRows rows={data} />}
        </Paged>
      </Panel>
    </Page>
  )
}

/** What of an invoice a list shows. */
export interface InvoiceRow {
  readonly id: string
  readonly number: string | null
  readonly state: string
  readonly tenant_id: string
  readonly tenant_name: string
  readonly period_start: string
  readonly period_end: string
  readonly timezone: string
  readonly due_at: string | null
  readonly currency: string
  readonly total: string
  readonly due: string
}

function InvoiceRows({ rows }: { readonly rows: readonly InvoiceRow[] }) {
  return (
    <DataTable
      caption="Invoices"
      rows={rows}
      keyOf={({ id }) => id}
      columns={[
        { title: 'Number', cell: ({ id, number }) => <InvoiceLink id={id} number={number} /> },
        { title: 'Tenant', cell: (row) => <TenantLink id={row.tenant_id} name={row.tenant_name} /> },
        { title: 'Period', cell: (row) => periodText(row.period_start, row.period_end, row.timezone) },
        { title: 'State', cell: ({ state }) => <InvoiceState state={state} /> },
        { title: 'Due', cell: ({ due_at }) => <When at={due_at} style="day" /> },
        { title: 'Total', isFigure: true, cell: (row) => money(row.total, row.currency) },
        { title: 'To pay', isFigure: true, cell: (row) => money(row.due, row.currency) },
      ]}
    />
  )
}

/** The way to an invoice, by its number, or as a draft. */
export function InvoiceLink({ id, number }: { readonly id: string; readonly number: string | null }) {
  return (
    <Anchor component={Link} to={`/invoices/${encodeURIComponent(number ?? id)}`}>
      {number ?? 'Draft'}
    </Anchor>
  )
}
