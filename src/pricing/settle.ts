import { assert } from '../lib/assert.ts'

/**
 * What is left to pay of a bill: charges less coupons, tax on that, less credit notes, less what was prepaid.
 *
 * In this order, each no further than to nothing. All in the smallest unit of the currency; `taxOf` is asked once, for
 * what is left after coupons.
 */
export function settle({ charges, coupons, taxOf, credits, prepaid }: Bill): Settled {
  assert(
    [charges, coupons, credits, prepaid].every((amount) => amount >= 0n),
    'amounts of a bill are not negative',
  )
  const net = charges - least(coupons, charges)
  const tax = taxOf(net)
  const gross = net + tax
  const credited = least(credits, gross)
  const paid = least(prepaid, gross - credited)
  return { net, tax, gross, credited, paid, due: gross - credited - paid }
}

export interface Bill {
  readonly charges: bigint
  readonly coupons: bigint
  readonly taxOf: (net: bigint) => bigint
  readonly credits: bigint
  readonly prepaid: bigint
}

export interface Settled {
  readonly net: bigint
  readonly tax: bigint
  readonly gross: bigint
  /** What was taken from credit notes, and from what was prepaid. */
  readonly credited: bigint
  readonly paid: bigint
  readonly due: bigint
}

function least(one: bigint, other: bigint): bigint {
  return one < other ? one : other
}
