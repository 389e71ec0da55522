import { didYouMean } from '../lib/closest.ts'
import { addQuantities, compareQuantities, isQuantity } from '../model/quantity.ts'
import type { QuoteRequest } from '../model/quote.ts'
import { checkPrice } from './check-price.ts'
import { Cursor } from './cursor.ts'
import { ProblemList } from './problems.ts'
import { readSource } from './source.ts'
import { parseCurrency } from './values.ts'

/**
 * Reads the questions to `pricing quote`: one case or a list of them, in YAML or JSON.
 *
 * A case without an id has its position, from 1. Throws `invalid-parameter` with everything that is wrong, each
 * with its line and field; `file` is the name the reader knows.
 */
export function parseQuotes(text: string, file: string): ParsedQuotes {
  const problems = new ProblemList(file)
  const source = readSource(text, {}, problems)
  if (source === undefined) throw problems.toError('invalid-parameter')
  const whole = Cursor.of(source, problems)
  const isList = Array.isArray(whole.value)
  const cases = isList ? whole.items() : [whole]
  if (isList && cases.length === 0) whole.refuse('must hold at least one case')
  const requests = cases.map((each, index) => readCase(each, String(index + 1)))
  checkIds(cases)
  if (!problems.isEmpty) throw problems.toError('invalid-parameter')
  return { isList, requests: requests.filter((each) => each !== undefined) }
}

export interface ParsedQuotes {
  /** Whether the file is a list, even of one. */
  readonly isList: boolean
  readonly requests: readonly QuoteRequest[]
}

const FIELDS = ['id', 'note', 'price', 'quantity', 'previous_quantity', 'events', 'currency', 'expect']

function readCase(map: Cursor, position: string): QuoteRequest | undefined {
  if (map.fields().length === 0) {
    map.refuse('must be a map such as { price: { model: per_unit, unit: "0.01" }, quantity: 47200 }')
    return undefined
  }
  for (const [name, value] of map.fields()) {
    if (!FIELDS.includes(name)) value.refuseKey(`unknown field ${name}${didYouMean(name, FIELDS)}`)
  }
  const [price, expect] = [map.field('price'), map.field('expect')]
  if (price.value === undefined) map.refuse('lacks the field price')
  else if (!price.isMap) price.refuse('must be a map such as { model: per_unit, unit: "0.01" }')
  checkPrice(price)
  return {
    id: textOf(map.field('id')) ?? position,
    note: textOf(map.field('note')),
    price: Object.fromEntries(price.fields().map(([name, { value }]) => [name, value])),
    ...readUsage(map),
    currency: readCurrency(map.field('currency')),
    expect: expect.value === undefined ? null : readExpected(expect),
  }
}

function readUsage(map: Cursor): Pick<QuoteRequest, 'quantity' | 'previousQuantity' | 'events'> {
  const [quantity, previous] = [map.field('quantity'), map.field('previous_quantity')]
  const events = readEvents(map.field('events'))
  const isNeeded = events === null && map.field('price').field('model').value !== 'flat'
  if (quantity.value === undefined && isNeeded) map.refuse('lacks the field quantity')
  const written = quantity.value === undefined ? null : readQuantity(quantity)
  if (previous.value !== undefined && events !== null) {
    previous.refuse('does not go with events, which are all those of the period')
  }
  const sum = events?.reduce(addQuantities, '0') ?? null
  if (written !== null && sum !== null && compareQuantities(written, sum) !== 0) {
    quantity.refuse(`is ${written}, but the events add up to ${sum}; leave it out`)
  }
  return {
    quantity: written ?? sum ?? '0',
    previousQuantity: previous.value === undefined ? null : readQuantity(previous),
    events,
  }
}

function readEvents(events: Cursor): readonly string[] | null {
  if (events.value === undefined) return null
  if (!Array.isArray(events.value)) events.refuse('must be a list of amounts such as ["50", "150.25"]')
  return events.items().map(readQuantity)
}

/** A decimal in quotes, or a whole number: that is exact in YAML, too. */
function readQuantity(quantity: Cursor): string {
  const { value, text } = quantity
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return String(value)
  if (text !== undefined && isQuantity(text)) return text
  quantity.refuse(quantityProblem(value, text))
  return '0'
}

function quantityProblem(value: unknown, text: string | undefined): string {
  const isPlain = typeof value === 'number' && Number.isFinite(value) && value >= 0
  if (isPlain) return `must be in quotes, as "${value}", to stay exact`
  const written = JSON.stringify(text?.slice(0, 40) ?? (typeof value === 'number' ? String(value) : value))
  return `must be a decimal of 0 or more like 12 or "0.25", with at most 15 places after the point, is ${written}`
}

function readCurrency(currency: Cursor): string {
  if (currency.value === undefined) return 'USD'
  const parsed = parseCurrency(currency.text ?? String(currency.value))
  if ('value' in parsed) return parsed.value
  currency.refuse(parsed.problem)
  return 'USD'
}

function readExpected(expect: Cursor): string {
  if (expect.text !== undefined && /^-?\d{1,24}(?:\.\d{1,15})?$/.test(expect.text)) return expect.text
  expect.refuse(`must be an amount in quotes, as "286.00", is ${JSON.stringify(expect.value)}`)
  return '0'
}

function textOf(text: Cursor): string | null {
  if (text.value === undefined) return null
  if (typeof text.value === 'number' || text.text !== undefined) return String(text.value)
  text.refuse('must be a text')
  return null
}

function checkIds(cases: readonly Cursor[]): void {
  const lines = new Map<string, number>()
  for (const each of cases) {
    const id = each.field('id')
    if (id.value === undefined) continue
    const line = lines.get(String(id.value))
    if (line === undefined) lines.set(String(id.value), id.place.line)
    else id.refuse(`another case is called ${id.value}, in line ${line}`)
  }
}
