/**
 * What a plan that is held for a part of a billing period costs of its fee.
 *
 * `days`: fee × days held ÷ days of the period. `seconds`: the same by the millisecond. `consumption`: as `days`, but
 * who leaves a plan early gets back no more than is left of its allowance: fee × (1 − the larger of time and use).
 */
export const FEE_METHODS = ['days', 'seconds', 'consumption'] as const

export type FeeMethod = (typeof FEE_METHODS)[number]

/**
 * What a plan that begins inside of a billing period includes.
 *
 * `carry`: all of it, less what the tenant used in the period before. `fresh`: all of it. `prorate`: the part of it
 * for the days that are left, rounded up to the places it is written with.
 */
export const QUOTA_METHODS = ['carry', 'fresh', 'prorate'] as const

export type QuotaMethod = (typeof QUOTA_METHODS)[number]

/** How parts of billing periods are reckoned. */
export interface Proration {
  readonly fee: FeeMethod
  readonly quota: QuotaMethod
}
