import { isDecimal, times } from '../shared/figures.ts'
import type { FileCharge } from './studio-plans.ts'

type Price = FileCharge['price']

/** A tier of a price: what stands in it, by name. */
export type Tier = Readonly<Record<string, unknown>>

/** Names that are no numbers. */
const WORDS = ['model', 'tiers', 'rounding', 'per']
/** What a price of usage can have beside its model. */
const TERMS = ['included', 'minimum', 'maximum', 'discount']

/** The numbers of a price that can be moved, by name; empty where one is not set. */
export function numbersOf({ price, meter }: FileCharge): readonly (readonly [string, string])[] {
  const names = new Set([
    ...Object.keys(price).filter((name) => !WORDS.includes(name)),
    ...(meter === null ? [] : TERMS),
  ])
  return [...names].map((name) => [name, textOf(price[name])] as const)
}

/** The tiers of a price; none where it has none. */
export function tiersOf(price: Price): readonly Tier[] {
  const { tiers } = price
  return Array.isArray(tiers) ? tiers.filter((tier) => typeof tier === 'object' && tier !== null) : []
}

/** The names that stand in the tiers of a price, the end of each first. */
export function tierNames(tiers: readonly Tier[]): readonly string[] {
  const names = new Set(tiers.flatMap((tier) => Object.keys(tier)))
  names.delete('up_to')
  return ['up_to', ...names]
}

/** The price with another number; an empty one is taken out. */
export function withNumber(price: Price, name: string, text: string): Price {
  const { [name]: _, ...rest } = price
  return text === '' ? rest : { ...price, [name]: text }
}

/** The price with another number in one of its tiers. */
export function withTierNumber(price: Price, at: number, [name, text]: readonly [string, string]): Price {
  const tiers = tiersOf(price).map((tier, index) => (index === at ? { ...tier, [name]: text } : tier))
  return { ...price, tiers }
}

/** The price with one more tier before the last, twice as far as the one before. */
export function withTierMore(price: Price): Price {
  const tiers = tiersOf(price)
  const last = tiers.at(-1)
  const end = textOf(tiers.at(-2)?.up_to)
  if (last === undefined) return price
  const added = { ...last, up_to: isDecimal(end) ? times(2, end) : '1000' }
  return { ...price, tiers: [...tiers.slice(0, -1), added, last] }
}

/** The price without one of its tiers. */
export function withoutTier(price: Price, at: number): Price {
  return { ...price, tiers: tiersOf(price).filter((_, index) => index !== at) }
}

/** Whether every number of a price is one. */
export function isWhole(price: Price): boolean {
  const values = [price, ...tiersOf(price)].flatMap((part) =>
    Object.entries(part).filter(([name]) => !WORDS.includes(name)),
  )
  return values.every(([, value]) => value === null || isAmount(textOf(value)))
}

/** Whether a text is a number as prices have them: no sign, a point. */
export function isAmount(text: string): boolean {
  return /^\d{1,18}(?:\.\d{1,15})?$/.test(text)
}

/** A number as it was written; empty where there is none. */
export function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}
