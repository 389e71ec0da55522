import { stringify } from 'csv-stringify/sync'
import type { MeterEvent } from './meter-events.ts'
import { textCell } from './text-cell.ts'

/** How events are written for Stripe: as its bulk import takes them. */
export const STRIPE_FORMATS = ['stripe', 'stripe-csv'] as const

export type StripeFormat = (typeof STRIPE_FORMATS)[number]

/** Stripe takes what happened in the last 35 days. */
export const STRIPE_TAKES_MS = 35 * 86_400_000

/**
 * Events as Stripe reads them: one JSON object a line, or CSV. `eventNames` says what Stripe calls a meter; its id if not.
 *
 * A tenant that has no external id goes by its own id.
 */
export function stripeFile(
  events: readonly MeterEvent[],
  { format, eventNames }: { readonly format: StripeFormat; readonly eventNames: ReadonlyMap<string, string> },
): string {
  const nameOf = (meter: string): string => eventNames.get(meter) ?? meter
  if (format === 'stripe') {
    return events
      .map(({ identifier, atMs, meter, value, tenantId, customer }) =>
        JSON.stringify({
          identifier,
          timestamp: atMs / 1_000,
          event_name: nameOf(meter),
          payload: { value, stripe_customer_id: customer ?? tenantId },
        }),
      )
      .map((line) => `${line}\n`)
      .join('')
  }
  const rows = events.map(({ atMs, meter, value, tenantId, customer }) => [
    String(atMs / 1_000),
    textCell(nameOf(meter)),
    textCell(customer ?? tenantId),
    value,
  ])
  return stringify([STRIPE_COLUMNS, ...rows], { record_delimiter: 'windows', quoted_match: /[\r\n]/ })
}

const STRIPE_COLUMNS = ['timestamp', 'event_name', 'payload_stripe_customer_id', 'payload_value']
