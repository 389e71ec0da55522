import type { Writable } from 'node:stream'
import { GatezError } from '../../errors/gatez-error.ts'
import { writeBytes } from './export-invoices.ts'
import type { MeterEvent, TooOldUsage } from './meter-events.ts'
import { type StripeFormat, stripeFile } from './stripe-file.ts'

/** Writes events for Stripe, and calls `done` as soon as all of them are where they belong. */
export async function exportMeterEvents(
  { events, tooOld, eventNames }: TakenMeterEvents,
  { format, to, done }: MeterEventsForm,
): Promise<MeterEventsExport> {
  if (to !== null) {
    const isWhole = await writeBytes(to, stripeFile(events, { format, eventNames: new Map(eventNames) }))
    if (isWhole) await done()
  }
  return {
    events: events.length,
    tooOld,
    unnamed: [...new Set(events.filter(isUnnamed).map(({ tenantId }) => tenantId))],
  }
}

/** Events that are to be handed over, near or from a control API. */
export interface TakenMeterEvents {
  readonly events: readonly MeterEvent[]
  /** What Stripe does not take any more: older than 35 days. */
  readonly tooOld: readonly TooOldUsage[]
  /** Meter, and what Stripe calls it. */
  readonly eventNames: readonly (readonly [string, string])[]
  /** When they were taken. */
  readonly nowMs: number
}

export interface MeterEventsForm {
  readonly format: StripeFormat
  /** Path of a file, or a stream; null writes nothing, and nothing counts as handed over. */
  readonly to: string | Writable | null
  readonly done: () => Promise<void>
}

/** What was written. */
export interface MeterEventsExport {
  readonly events: number
  /** What was left out, since Stripe does not take it any more: older than 35 days. */
  readonly tooOld: readonly TooOldUsage[]
  /** Tenants without an external id, which go by their own id. */
  readonly unnamed: readonly string[]
}

function isUnnamed({ customer }: MeterEvent): boolean {
  return customer === null
}

/** Reads what Stripe calls meters, written as `calls=api_calls`. Throws `invalid-parameter` for what names none of `meters`. */
export function readEventNames(
  written: readonly string[],
  meters: readonly string[],
): readonly (readonly [string, string])[] {
  return written.map((text) => {
    const [meter = '', name = '', ...rest] = text.split('=').map((part) => part.trim())
    if (meters.includes(meter) && EVENT_NAME.test(name) && rest.length === 0) return [meter, name]
    const detail = `--event-name is ${JSON.stringify(text)}: write METER=NAME, with one of ${meters.join(', ')}, as ${meters[0]}=api_calls.`
    throw new GatezError('invalid-parameter', detail)
  })
}

const EVENT_NAME = /^[!-~]{1,100}$/
