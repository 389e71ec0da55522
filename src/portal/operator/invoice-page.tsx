import { Button, Group, Stack, Text } from '@mantine/core'
import { useParams } from 'react-router'
import type { AnswerOf } from '../../control/client.ts'
import { useAsk } from '../shared/ask.ts'
import { DataTable } from '../shared/data-table.tsx'
import { FactList } from '../shared/fact-list.tsx'
import { isZero, money, quantity } from '../shared/figures.ts'
import { InvoiceEntries } from '../shared/invoice-entries.tsx'
import { InvoiceState } from '../shared/invoice-state.tsx'
import { Page } from '../shared/page.tsx'
import { Panel } from '../shared/panel.tsx'
import { Shown } from '../shared/states.tsx'
import { periodText } from '../shared/times.ts'
import { When } from '../shared/when.tsx'
import { TenantLink } from './call-rows.tsx'
import { InvoiceActions } from './invoice-actions.tsx'

type Invoice = AnswerOf<'showInvoice'>

/** One invoice: what it says, what happened to it, and what can be done with it now. */
export function InvoicePage() {
  const { invoice: id = '' } = useParams()
  const invoice = useAsk('showInvoice', { invoice: id })
  const { data } = invoice
  const file = `/api/v1/invoices/${encodeURIComponent(id)}/file`
  return (
    <Page
      title={
        data !== undefined && data.number === null ? 'Draft of an invoice' : `Invoice ${data?.number ?? id}`
      }
      actions={
        <>
          <Button component="a" href={file} variant="default">
            Download PDF
          </Button>
          {data !== undefined && <InvoiceActions invoice={data} />}
        </>
      }
    >
      <Shown query={invoice}>
        {(shown) => (
          <>
            <Panel>
              <FactList
                facts={[
                  ['Tenant', <TenantLink key="tenant" id={shown.tenant_id} name={shown.tenant_name} />],
                  ['State', <InvoiceState key="state" state={shown.state} />],
                  ['Period', periodText(shown.period_start, shown.period_end, shown.timezone)],
                  ['Sent', <When key="sent" at={shown.issued_at} style="day" none="not yet" />],
                  ['Due', <When key="due" at={shown.due_at} style="day" />],
                  ['To pay', <b key="pay">{money(shown.due, shown.currency)}</b>],
                ]}
              />
            </Panel>
            <Lines invoice={shown} />
            <InvoiceEntries entries={shown.entries} currency={shown.currency} isExact />
          </>
        )}
      </Shown>
    </Page>
  )
}

function Lines({ invoice }: { readonly invoice: Invoice }) {
  const { currency, lines, timezone } = invoice
  const sums = [
    ['Subtotal', invoice.subtotal],
    ...invoice.taxes.map(({ name, amount }) => [name, amount ?? '0'] as const),
    ['Total', invoice.total],
    ...(isZero(invoice.credited) ? [] : [['Credited', `-${invoice.credited}`] as const]),
    ...(isZero(invoice.paid) ? [] : [['Paid', `-${invoice.paid}`] as const]),
  ] as const
  return (
    <Panel title="Lines" isFlush>
      <DataTable
        caption="Lines"
        rows={lines}
        keyOf={({ line }) => line}
        columns={[
          { title: 'Line', cell: ({ line }) => line },
          { title: 'What', cell: ({ description }) => description },
          { title: 'Plan', cell: (row) => `${row.plan_id}, version ${row.plan_version}` },
          { title: 'Period', cell: (row) => periodText(row.period_start, row.period_end, timezone) },
          { title: 'Calls', isFigure: true, cell: ({ events }) => quantity(events) },
          {
            title: 'Quantity',
            isFigure: true,
            cell: (row) => (row.meter === null ? '–' : `${quantity(row.quantity)} ${row.meter}`),
          },
          { title: 'Amount', isFigure: true, cell: ({ amount }) => money(amount, currency) },
        ]}
      />
      <Stack gap={4} p="md" align="flex-end" className="gatez-sums">
        {sums.map(([name, amount]) => (
          <Group key={name} gap="xl">
            <Text c="dimmed">{name}</Text>
            <Text className="gatez-figure" data-figure={name}>
              {money(amount, currency)}
            </Text>
          </Group>
        ))}
      </Stack>
    </Panel>
  )
}
