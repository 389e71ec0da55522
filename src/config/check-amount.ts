import type { Cursor } from './cursor.ts'
import type { PriceFieldKind } from './price-fields.ts'

/** Checks one number of a price: in quotes, so that it stays exact, with no more places than are kept. */
export function checkAmount(amount: Cursor, kind: PriceFieldKind): void {
  switch (kind) {
    case 'tiers':
      return
    case 'count':
      if (!Number.isSafeInteger(amount.value) || Number(amount.value) < 1)
        amount.refuse(`must be a whole number, 1 or more, is ${shown(amount)}`)
      return
    case 'rounding':
      if (amount.value !== 'up' && amount.value !== 'down')
        amount.refuse(`must be up or down, is ${shown(amount)}`)
      return
    case 'up_to':
      if (amount.value !== null) checkDecimal(amount, QUANTITY_PLACES)
      return
    case 'quantity':
      checkDecimal(amount, QUANTITY_PLACES)
      return
    case 'size':
      if (checkDecimal(amount, QUANTITY_PLACES) && isNothing(amount)) amount.refuse('must be above 0')
      return
    case 'percent':
      if (checkDecimal(amount, PRICE_PLACES) && Number(amount.text) > 100)
        amount.refuse(`must be a percentage from 0 to 100, is ${shown(amount)}`)
      return
    default:
      checkDecimal(amount, PRICE_PLACES)
  }
}

const PRICE_PLACES = 12
const QUANTITY_PLACES = 15
const WHOLE_DIGITS = 24

function checkDecimal(decimal: Cursor, places: number): boolean {
  const problem = decimalProblem(decimal, places)
  if (problem !== undefined) decimal.refuse(problem)
  return problem === undefined
}

function decimalProblem({ value, text }: Cursor, places: number): string | undefined {
  if (typeof value === 'number' && value >= 0 && Number.isFinite(value)) {
    return `must be in quotes, as "${value}", to stay exact`
  }
  if (text === undefined && typeof value !== 'number') return 'must be a decimal in quotes, as "0.0005"'
  const [, whole = '', fraction = ''] = /^(\d+)(?:\.(\d+))?$/.exec(text ?? '') ?? []
  const written = JSON.stringify(text ?? String(value))
  if (whole === '') return `must be a decimal such as "0.0005", 0 or more, is ${written}`
  if (fraction.length > places) {
    return `has ${fraction.length} places after the point; at most ${places} are kept, so round it yourself`
  }
  return whole.length > WHOLE_DIGITS ? `has more than ${WHOLE_DIGITS} digits before the point` : undefined
}

function isNothing({ text }: Cursor): boolean {
  return /^[0.]*$/.test(text ?? '')
}

function shown({ value }: Cursor): string {
  return JSON.stringify(value)
}
