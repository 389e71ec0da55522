import type { Rational } from '../model/rational.ts'

/** One row of how a price was reached; the amounts of all rows add up to it, exactly. */
export interface PriceLine {
  readonly part: PricePart
  readonly amount: Rational
  /** Position of the tier, from 1. */
  readonly tier?: number
  /** The tier holds what is above this … */
  readonly over?: Rational
  /** … up to and with this; null = no end. */
  readonly upTo?: Rational | null
  /** What this row is about: units, packages, or the amounts of events. */
  readonly quantity?: Rational
  /** Price of one of them. */
  readonly unit?: Rational
  /** Part of them that is charged: 0.013 for 1.3 %. */
  readonly rate?: Rational
  /** Charged whatever the quantity is. */
  readonly flat?: Rational
}

/**
 * What a row is: of the model (`units` … `event`), or of the terms around it.
 *
 * `billed` takes off what an earlier bill of the same period has.
 */
export type PricePart =
  | 'included'
  | 'units'
  | 'packages'
  | 'tier'
  | 'flat'
  | 'rate'
  | 'event'
  | 'discount'
  | 'maximum'
  | 'billed'
  | 'minimum'
