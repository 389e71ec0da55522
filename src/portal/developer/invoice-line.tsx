import { Alert, Stack, Text } from '@mantine/core'
import type { AnswerOf } from '../../control/client.ts'
import { useAsk } from '../shared/ask.ts'
import { DataTable } from '../shared/data-table.tsx'
import { isDecimal, money, quantity } from '../shared/figures.ts'
import { Panel } from '../shared/panel.tsx'
import { Shown } from '../shared/states.tsx'
import { When } from '../shared/when.tsx'
import { CallTable } from './call-table.tsx'

type Invoice = AnswerOf<'myInvoice'>

/** A line opened: the steps of its price, the proof that its calls come to it, and the calls. */
export function InvoiceLine({ invoice, line }: InvoiceLineProps) {
  const figure = useAsk('myInvoiceLine', { invoice: invoice.id, line: String(line.line) })
  const { currency } = invoice
  return (
    <>
      <Panel title={`Line ${line.line}: ${line.description}`}>
        <Stack gap="sm">
          {line.tiers.length > 0 && (
            <DataTable
              caption="How it was priced"
              rows={line.tiers}
              keyOf={(_, index) => index}
              columns={[
                { title: 'Step', cell: (tier) => wordsOf(tier) },
                { title: 'Amount', isFigure: true, cell: (tier) => amountOf(tier, currency) },
              ]}
            />
          )}
          <Shown query={figure} rows={1}>
            {(found) => (
              <Alert color={found.equal ? 'green' : 'orange'}>
                <Text>
                  {quantity(found.events_total)} calls stand behind it; they come to{' '}
                  <b>{quantity(found.events_quantity)}</b> {found.meter}
                  {found.equal
                    ? ', which is what was billed.'
                    : `; billed were ${found.stated ?? found.quantity}.`}
                </Text>
                {found.forgotten_before !== null && (
                  <Text>
                    Single calls from before <When at={found.forgotten_before} style="day" /> are no longer
                    kept.
                  </Text>
                )}
              </Alert>
            )}
          </Shown>
        </Stack>
      </Panel>
      <CallTable
        title="Calls behind this line"
        span={{ from: line.period_start, to: line.period_end }}
        subscription={line.subscription_id}
      />
    </>
  )
}

export interface InvoiceLineProps {
  readonly invoice: Invoice
  readonly line: Invoice['lines'][number]
}

/** A step of a price as it stands on the invoice. */
function wordsOf(tier: object): string {
  return Object.entries(tier)
    .filter(([name, value]) => name !== 'amount' && value !== null && value !== '')
    .map(
      ([name, value]) =>
        `${name.replaceAll('_', ' ')} ${typeof value === 'string' && isDecimal(value) ? quantity(value) : String(value)}`,
    )
    .join(' · ')
}

function amountOf(tier: object, currency: string): string {
  const amount = new Map(Object.entries(tier)).get('amount')
  return typeof amount === 'string' ? money(amount, currency) : '–'
}
