import type { Charge } from './plan.ts'

/** A question to the price models, checked: what does this quantity cost at this price? */
export interface QuoteRequest {
  readonly id: string
  /** What it shows, or where its figure comes from; null if nothing was said. */
  readonly note: string | null
  readonly price: Charge['price']
  /** A decimal. What is new since earlier bills of the period; the sum of the events when there are any. */
  readonly quantity: string
  /** A decimal: what earlier bills of the period billed; null = this is the first. */
  readonly previousQuantity: string | null
  /** Decimals: the amounts of single events, in their order; null = not known. */
  readonly events: readonly string[] | null
  readonly currency: string
  /** The amount that someone says it is; null = nobody does. */
  readonly expect: string | null
}
