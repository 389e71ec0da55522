import { currencyDigits } from '../../model/currency.ts'
import type { Invoice, InvoiceEntry, InvoiceLine, PriceStep } from '../../model/invoice.ts'
import { formatMinor, toMinor } from '../../model/money.ts'
import { rational } from '../../model/rational.ts'
import { dayText } from '../invoice/day-text.ts'
import { dueOf } from '../invoice/invoice-view.ts'
import { grouped } from './grouped.ts'

/**
 * What an invoice says, in the order in which it is read: PDF and HTML are two ways to set the same words.
 *
 * Depends on the invoice alone, so the same invoice always looks the same.
 */
export function invoiceDocument(invoice: Invoice, entries: readonly InvoiceEntry[]): InvoiceDocument {
  const { content, number, id, period } = invoice
  const day = (ms: number): string => dayText(ms, content.timezone)
  const { issuer } = content
  return {
    title: number === null ? 'Draft invoice' : 'Invoice',
    number: number ?? id,
    badge: badgeOf(invoice, day),
    issuer: issuer === null ? null : { name: issuer.name, lines: issuerLines(issuer) },
    customer: {
      name: content.tenantName,
      lines: customerLines(invoice),
    },
    facts: [
      ['Invoice date', invoice.issuedAtMs === null ? 'not issued' : day(invoice.issuedAtMs)],
      ['Period', `${day(period.startMs)} to ${day(period.endMs - 1)}`],
      ...(invoice.dueAtMs === null ? [] : [['Due date', day(invoice.dueAtMs - 1)] as const]),
      ['Amount due', `${grouped(formatMinor(dueOf(invoice), invoice.currency))} ${invoice.currency}`],
    ],
    currency: invoice.currency,
    rows: content.lines.map((line) => rowOf(line, invoice)),
    sums: sumsOf(invoice),
    credits: entries.filter(({ kind }) => kind === 'credit-note').map((entry) => creditText(entry, day)),
    payment: [
      ...(content.terms.text === null ? [] : [content.terms.text]),
      ...(issuer?.payment ?? []),
      ...(number === null ? [] : [`Please name ${number} with your payment.`]),
    ],
    rules: rulesOf(invoice),
    evidence: `Days begin at midnight, ${content.timezone}. Counted over ${grouped(String(content.evidence.events))} records of the ledger, seal ${content.evidence.seals.split('-')[2] ?? ''}.`,
    footer: [issuer?.name, issuer?.taxId, issuer?.email, issuer?.website, issuer?.note].flatMap(
      (text) => text ?? [],
    ),
  }
}

export interface InvoiceDocument {
  readonly title: string
  readonly number: string
  /** What became of it, in a word or two; null while it is simply open. */
  readonly badge: { readonly text: string; readonly tone: 'good' | 'bad' | 'plain' } | null
  readonly issuer: Party | null
  readonly customer: Party
  readonly facts: readonly (readonly [label: string, value: string])[]
  readonly currency: string
  readonly rows: readonly DocumentRow[]
  readonly sums: readonly DocumentSum[]
  readonly credits: readonly string[]
  /** How to pay, in lines. */
  readonly payment: readonly string[]
  /** What counts, for each meter. */
  readonly rules: readonly { readonly name: string; readonly text: string }[]
  readonly evidence: string
  readonly footer: readonly string[]
}

export interface Party {
  readonly name: string
  readonly lines: readonly string[]
}

/** A line with how it was priced; texts are ready to be set. */
export interface DocumentRow {
  readonly line: string
  readonly what: string
  readonly note: string
  readonly quantity: string
  readonly price: string
  readonly amount: string
  readonly steps: readonly DocumentStep[]
}

export interface DocumentStep {
  readonly what: string
  readonly quantity: string
  readonly price: string
  readonly amount: string
}

export interface DocumentSum {
  readonly label: string
  readonly amount: string
  readonly strong: boolean
}

/** Meters that count the same are named together. */
function rulesOf({ content }: Invoice): InvoiceDocument['rules'] {
  const meters = Map.groupBy(content.rules, ({ rule }) => rule)
  return [...meters].map(([text, rules]) => {
    return { name: rules.map(({ meter }) => meter.replaceAll('_', ' ')).join(', '), text }
  })
}

function issuerLines(issuer: NonNullable<Invoice['content']['issuer']>): readonly string[] {
  return [...issuer.address, ...[issuer.taxId, issuer.email, issuer.website].flatMap((text) => text ?? [])]
}

function customerLines({ tenantId, content }: Invoice): readonly string[] {
  const { address = [], taxId = null } = content.customer ?? {}
  const account = content.tenantName === tenantId ? [] : [`Account ${tenantId}`]
  return [...address, ...(taxId === null ? [] : [taxId]), ...account]
}

function badgeOf({ state, dueAtMs }: Invoice, day: (ms: number) => string): InvoiceDocument['badge'] {
  switch (state) {
    case 'paid':
      return { text: 'Paid', tone: 'good' }
    case 'void':
      return { text: 'Void', tone: 'bad' }
    case 'overdue':
      return { text: dueAtMs === null ? 'Overdue' : `Overdue since ${day(dueAtMs)}`, tone: 'bad' }
    case 'uncollectible':
      return { text: 'Written off', tone: 'plain' }
    case 'draft':
      return { text: 'Draft', tone: 'plain' }
    case 'open':
      return null
  }
}

function rowOf(line: InvoiceLine, { content, period, currency }: Invoice): DocumentRow {
  const day = (ms: number): string => dayText(ms, content.timezone)
  const spanText = (span: Invoice['period']): string => `${day(span.startMs)} to ${day(span.endMs - 1)}`
  const span = spanText(line.period) === spanText(period) ? [] : [spanText(line.period)]
  const share = line.days === null ? [] : [shareText(line.days)]
  const plan = `Plan ${line.planName}, version ${line.planVersion}`
  const events = line.kind === 'fee' ? [] : [`${grouped(String(line.events))} events`]
  const steps =
    line.kind === 'fee'
      ? []
      : line.steps.filter((step) => tells(step, line)).map((step) => stepOf(step, currency))
  return {
    line: String(line.line),
    what: line.description,
    note: [...span, ...share, ...events, plan].join(' · '),
    quantity: line.kind === 'fee' ? '' : grouped(line.quantity),
    price:
      line.kind !== 'fee' && steps.length === 0 && line.steps[0] !== undefined ? priceOf(line.steps[0]) : '',
    amount: grouped(line.amount),
    steps,
  }
}

function shareText({ left, whole, method }: NonNullable<InvoiceLine['days']>): string {
  if (method === 'trial') return 'on trial'
  if (method === 'seconds') return `${Math.round(left / 1000)} of ${Math.round(whole / 1000)} seconds`
  const days = `${left} of ${whole} days`
  return method === 'consumption' ? `${days}, or as much as was used of it` : days
}

/** One step that says what the line says is left out. */
function tells(step: PriceStep, { steps }: InvoiceLine): boolean {
  return steps.length > 1 || step.tier !== undefined || step.part === 'included'
}

function stepOf(step: PriceStep, currency: string): DocumentStep {
  return {
    what: stepText(step),
    quantity: step.quantity === undefined ? '' : grouped(step.quantity),
    price: priceOf(step),
    amount: grouped(padded(step.amount, currency)),
  }
}

/** An exact amount with the digits of its currency at least. */
export function padded(exact: string, currency: string): string {
  const digits = currencyDigits(currency)
  const [numerator = '', denominator] = exact.split('/')
  // Not every part of a fee is a decimal.
  if (denominator !== undefined) {
    return formatMinor(toMinor(rational(BigInt(numerator), BigInt(denominator)), currency), currency)
  }
  const [whole = '', places = ''] = exact.split('.')
  return places.length >= digits || digits === 0 ? exact : `${whole}.${places.padEnd(digits, '0')}`
}

/** What a step of a price is, in words. */
function stepText({ part, tier, over, up_to: upTo }: PriceStep): string {
  if (tier === undefined) return STEPS[part] ?? part
  const isFirst = over === undefined || over === '0'
  if (upTo === null || upTo === undefined) return isFirst ? 'all' : `above ${grouped(over)}`
  return isFirst ? `up to ${grouped(upTo)}` : `${grouped(over)} to ${grouped(upTo)}`
}

const STEPS: Readonly<Record<string, string>> = {
  billed: 'billed before',
  included: 'included',
  units: 'all',
  minimum: 'up to the minimum',
  maximum: 'down to the maximum',
}

/** The price in a step: of one, in percent, flat, or two of these. */
export function priceOf({ unit, rate, flat }: PriceStep): string {
  const price = unit ?? (rate === undefined ? undefined : `${rate}%`)
  const base = flat === undefined || (flat === '0' && price !== undefined) ? undefined : flat
  return [price, base].filter((part) => part !== undefined).join(' + ')
}

function sumsOf(invoice: Invoice): readonly DocumentSum[] {
  const { content, currency, creditedMinor, paidMinor } = invoice
  const isInclusive = content.taxMode === 'inclusive'
  const sum = (label: string, amount: string, strong = false): DocumentSum => ({
    label,
    amount: grouped(amount),
    strong,
  })
  const less = (label: string, minor: bigint): readonly DocumentSum[] =>
    minor === 0n ? [] : [sum(label, formatMinor(-minor, currency))]
  const carried =
    content.carried === formatMinor(0n, currency) ? [] : [sum('Added to your credit', content.carried)]
  const settled = creditedMinor > 0n || paidMinor > 0n
  return [
    ...(content.taxes.length === 0
      ? []
      : [sum(isInclusive ? 'Subtotal, with tax' : 'Subtotal', content.subtotal)]),
    ...exemptSums(invoice).map(({ label, amount }) => sum(label, amount)),
    ...content.taxes.map(({ name, rate, net, amount }) => {
      return sum(`${isInclusive ? 'of which ' : ''}${name} ${rate}% on ${grouped(net)}`, amount)
    }),
    ...carried,
    sum(`Total ${currency}`, content.total, true),
    ...less('Credited', creditedMinor),
    ...less('Paid', paidMinor),
    ...(settled ? [sum(`Amount due ${currency}`, formatMinor(dueOf(invoice), currency), true)] : []),
  ]
}

/** Why there is no tax: the law wants it said. */
function exemptSums({ content, currency }: Invoice): readonly Omit<DocumentSum, 'strong'>[] {
  const { taxExempt = null } = content.customer ?? {}
  if (taxExempt === null) return []
  const untaxed = [
    { label: 'Subtotal', amount: content.subtotal },
    { label: `No tax: ${taxExempt}`, amount: formatMinor(0n, currency) },
  ]
  return untaxed
}

function creditText(
  { atMs, amountMinor, currency, detail }: InvoiceEntry,
  day: (ms: number) => string,
): string {
  const amount = `${grouped(formatMinor(amountMinor, currency))} ${currency}`
  return `Credit note ${detail.number ?? ''} of ${day(atMs)}: ${amount}, with ${detail.tax ?? '0'} tax. ${detail.reason ?? ''}`
}
