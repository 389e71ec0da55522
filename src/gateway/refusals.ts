import { Refusal } from './refusal.ts'

/** The key is good, and not for this. */
export const KEY_NOT_ALLOWED = new Refusal(
  'key-not-allowed',
  'This key may not call this endpoint, or not from this address.',
)

/** The event loop runs late. */
export const OVERLOADED = new Refusal('overloaded', 'More calls arrive than can be answered in time.', {
  headers: ['Retry-After', '1'],
})

/** Keys that are not in memory cannot be looked up. */
export const STORE_UNAVAILABLE = new Refusal(
  'store-unavailable',
  'This key cannot be looked up at the moment.',
  { headers: ['Retry-After', '1'] },
)

/** Events cannot be made durable. */
export const METERING_UNAVAILABLE = new Refusal(
  'metering-unavailable',
  'Calls cannot be counted at the moment, so none is let through.',
  { headers: ['Retry-After', '1'] },
)

/** The counts that nodes share are out of reach, and the plan lets nothing pass then. */
export const COUNTERS_AWAY = new Refusal(
  'limiter-unavailable',
  'What is left of the limits cannot be found out at the moment, so this call is not let through.',
  { headers: ['Retry-After', '1'] },
)
