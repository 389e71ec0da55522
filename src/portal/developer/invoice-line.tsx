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
                { title: 'Step', cell: (tier) => wordsOf(tier, currency) },
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

/** A step of a price in words: how much, at what, from where to where. */
function wordsOf(tier: object, currency: string): string {
  const fields = new Map(Object.entries(tier))
  const said = (name: string): string | undefined => {
    const value: unknown = fields.get(name)
    return typeof value === 'string' && isDecimal(value) && !/^0(?:\.0*)?$/.test(value) ? value : undefined
  }
  const [unit, flat, over, end] = ['unit', 'flat', 'over', 'up_to'].map(said)
  const each = unit === undefined ? (flat === undefined ? 'free' : '') : `at ${money(unit, currency)} each`
  const parts = [
    `${quantity(said('quantity') ?? '0')} ${each}`.trim(),
    ...(flat === undefined ? [] : [`${money(flat, currency)} for all of it`]),
    ...(over === undefined ? [] : [`over ${quantity(over)}`]),
    ...(end === undefined ? [] : [`up to ${quantity(end)}`]),
  ]
  const part: unknown = fields.get('part')
  return typeof part === 'string' && !['tier', 'units'].includes(part)
    ? `${part}: ${parts.join(', ')}`
    : parts.join(', ')
}

function amountOf(tier: object, currency: string): string {
  const amount = new Map(Object.entries(tier)).get('amount')
  return typeof amount === 'string' ? money(amount, currency) : '–'
}
