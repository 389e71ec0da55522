import { Anchor, Button, Group, Stack, Text } from '@mantine/core'
import { useState } from 'react'
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
import { Empty, Shown } from '../shared/states.tsx'
import { periodText } from '../shared/times.ts'
import { When } from '../shared/when.tsx'
import { InvoiceLine } from './invoice-line.tsx'

type Invoice = AnswerOf<'myInvoice'>

/** One invoice: what is to be paid, line by line; a line opens to the calls behind it. */
export function InvoicePage() {
  const { invoice: id = '' } = useParams()
  const invoice = useAsk('myInvoice', { invoice: id })
  const file = `/api/portal/v1/invoices/${encodeURIComponent(id)}/file`
  return (
    <Page
      title={`Invoice ${id}`}
      actions={
        <>
          <Button component="a" href={file} variant="default">
            Download PDF
          </Button>
          <Button component="a" href={`${file}?format=csv`} variant="default">
            CSV
          </Button>
        </>
      }
    >
      <Shown query={invoice}>
        {(data) => (
          <>
            <Panel>
              <FactList
                facts={[
                  ['State', <InvoiceState key="state" state={data.state} />],
                  ['Period', periodText(data.period_start, data.period_end, data.timezone)],
                  ['Sent', <When key="sent" at={data.issued_at} style="day" />],
                  ['Due', <When key="due" at={data.due_at} style="day" />],
                  ['To pay', <b key="pay">{money(data.due, data.currency)}</b>],
                  ...(data.issuer === null ? [] : [['From', data.issuer.name] as const]),
                ]}
              />
            </Panel>
            <InvoiceLines invoice={data} canOpen />
            <InvoiceEntries entries={data.entries} currency={data.currency} />
          </>
        )}
      </Shown>
    </Page>
  )
}

/** What the next invoice would say if the period ended now. */
export function NextInvoicePage() {
  const bill = useAsk('myBill', {}, { everyMs: 10_000 })
  return (
    <Page
      title="The next invoice so far"
      about="What it would say if this period ended now; fees are in full."
    >
      <Shown query={bill}>{(data) => <InvoiceLines invoice={data} canOpen={false} />}</Shown>
    </Page>
  )
}

function InvoiceLines({ invoice, canOpen }: { readonly invoice: Invoice; readonly canOpen: boolean }) {
  const [opened, setOpened] = useState<number>()
  const { currency, lines } = invoice
  const line = lines.find((each) => each.line === opened)
  return (
    <>
      <Panel title="Lines" isFlush>
        {lines.length === 0 ? (
          <Empty title="No lines">Nothing is charged in this period so far.</Empty>
        ) : (
          <DataTable
            caption="Lines"
            rows={lines}
            keyOf={(each) => each.line}
            columns={[
              { title: 'Line', cell: (each) => each.line },
              {
                title: 'What',
                cell: (each) =>
                  canOpen && each.meter !== null ? (
                    <Anchor component="button" type="button" ta="left" onClick={() => setOpened(each.line)}>
                      {each.description}
                    </Anchor>
                  ) : (
                    each.description
                  ),
              },
              {
                title: 'Period',
                cell: (each) => periodText(each.period_start, each.period_end, invoice.timezone),
              },
              {
                title: 'Quantity',
                isFigure: true,
                cell: (each) => (each.meter === null ? '–' : quantity(each.quantity)),
              },
              { title: 'Amount', isFigure: true, cell: (each) => money(each.amount, currency) },
            ]}
          />
        )}
        <Sums invoice={invoice} />
      </Panel>
      {line !== undefined && <InvoiceLine key={line.line} invoice={invoice} line={line} />}
    </>
  )
}

function Sums({ invoice }: { readonly invoice: Invoice }) {
  const { currency, taxes, subtotal, total } = invoice
  const rows = [
    ['Subtotal', subtotal],
    ...taxes.map(({ name, amount }) => [name, amount] as const),
    ...(isZero(invoice.credited) ? [] : [['Credited', `-${invoice.credited}`] as const]),
    ...(isZero(invoice.paid) ? [] : [['Paid', `-${invoice.paid}`] as const]),
  ] as const
  return (
    <Stack gap={4} p="md" align="flex-end" className="gatez-sums">
      {rows.map(([name, amount]) => (
        <Group key={name} gap="xl">
          <Text c="dimmed">{name}</Text>
          <Text className="gatez-figure">{money(amount ?? '0', currency)}</Text>
        </Group>
      ))}
      <Group gap="xl">
        <Text fw={600}>Total</Text>
        <Text fw={600} className="gatez-figure" data-figure="Total">
          {money(total, currency)}
        </Text>
      </Group>
    </Stack>
  )
}
