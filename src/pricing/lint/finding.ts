import type { Rational } from '../../model/rational.ts'
import type { Price } from '../price.ts'

/** Something in the prices of a plan that an operator can hardly have meant; the names are stable. */
export interface Finding {
  readonly plan: string
  readonly charge: string
  readonly rule: LintRule
  /** A sentence without its full stop. */
  readonly message: string
}

/** What is looked for. */
export const LINT_RULES = ['cliff', 'gap', 'overlap', 'unreachable', 'rise'] as const

/**
 * `cliff`: more costs less. `gap`: usage without a price. `overlap`: billed twice, or free twice. `unreachable`: a tier
 * that never changes a bill. `rise`: a unit costs more than those before it.
 */
export type LintRule = (typeof LINT_RULES)[number]

/** A charge with its price read, as the rules look at it. */
export interface LintedCharge {
  readonly id: string
  /** The meter in plural, for sentences: `calls`. */
  readonly meter: string
  readonly price: Price
  /** The smallest step of the meter: 1 of what is counted, 10⁻¹⁵ of what may have places. */
  readonly step: Rational
}
