import { compare, minus, plus, type Rational, ZERO } from '../../model/rational.ts'

/**
 * From what an adjustment goes on to what a charge comes to now. Undefined where nothing is to be billed or given back.
 *
 * Nobody pays a void invoice, and what it has is billed, or given back, when it is made again. So until then nobody is
 * billed for that once more, and nobody gets back what nobody was asked for: between what is asked for with and without
 * what void invoices have, nothing is adjusted. That stays so whatever else becomes void.
 */
export function billedBefore(is: Charged, before: BilledParts | undefined): BilledAmount | undefined {
  if (before === undefined || !waitsForRemake(before)) {
    const all = before ?? NOTHING
    return is.minor === all.minor && compare(is.quantity, all.quantity) === 0 ? undefined : all
  }
  const most = less(before, before.voidGiven)
  if (is.minor > most.minor) return most
  const least = less(before, before.voidAsked)
  return is.minor < least.minor ? least : undefined
}

/** Whether something of it is on invoices that are void and not made again. */
export function waitsForRemake({ voidAsked, voidGiven }: BilledParts): boolean {
  return voidAsked.minor !== 0n || voidGiven.minor !== 0n
}

/** What was billed and what one more invoice says, added up. */
export function withInvoice(
  before: BilledParts | undefined,
  said: BilledAmount,
  isVoid: boolean,
): BilledParts {
  const { voidAsked, voidGiven } = before ?? { voidAsked: NOTHING, voidGiven: NOTHING }
  return {
    ...more(before ?? NOTHING, said),
    voidAsked: isVoid && said.minor > 0n ? more(voidAsked, said) : voidAsked,
    voidGiven: isVoid && said.minor < 0n ? more(voidGiven, said) : voidGiven,
  }
}

/** What a charge comes to. */
export interface Charged {
  readonly quantity: Rational
  /** In the smallest unit of the currency. */
  readonly minor: bigint
}

/** What invoices have of a charge. */
export interface BilledAmount extends Charged {
  readonly events: number
}

/** The same, with what of it stands on invoices that are void and not made again. */
export interface BilledParts extends BilledAmount {
  /** Of those that ask for something. */
  readonly voidAsked: BilledAmount
  /** Of those that give something back: below 0. */
  readonly voidGiven: BilledAmount
}

/** What nobody billed. */
export const NOTHING: BilledAmount = { quantity: ZERO, minor: 0n, events: 0 }

/** Two amounts as one. */
export function more(one: BilledAmount, other: BilledAmount): BilledAmount {
  return {
    quantity: plus(one.quantity, other.quantity),
    minor: one.minor + other.minor,
    events: one.events + other.events,
  }
}

function less(one: BilledAmount, other: BilledAmount): BilledAmount {
  return {
    quantity: minus(one.quantity, other.quantity),
    minor: one.minor - other.minor,
    events: one.events - other.events,
  }
}
