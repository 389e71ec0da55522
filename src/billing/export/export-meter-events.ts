import type { Writable } from 'node:stream'
import { GatezError } from '../../errors/gatez-error.ts'
import { writeBytes } from './export-invoices.ts'
import { type MeterEvent, type MeterEventsRequest, meterEvents } from './meter-events.ts'
import { STRIPE_TAKES_MS, type StripeFormat, stripeFile } from './stripe-file.ts'

/** Writes usage as events for Stripe, and writes down that it did as soon as all of it is where it belongs. */
export async function exportMeterEvents(
  store: Parameters<typeof meterEvents>[0],
  request: Omit<MeterEventsRequest, 'target'> & MeterEventsForm,
): Promise<MeterEventsExport> {
  const { format, to, nowMs } = request
  const eventNames = readEventNames(request.eventNames, request.meters)
  const { events, done } = await meterEvents(store, { ...request, target: 'stripe' })
  if (to !== null) {
    const isWhole = await writeBytes(to, stripeFile(events, { format, eventNames }))
    if (isWhole) await done()
  }
  return {
    events: events.length,
    tooOld: events.filter(({ atMs }) => atMs < nowMs - STRIPE_TAKES_MS).length,
    unnamed: [...new Set(events.filter(isUnnamed).map(({ tenantId }) => tenantId))],
  }
}

export interface MeterEventsForm {
  readonly format: StripeFormat
  /** Path of a file, or a stream; null writes nothing, and nothing counts as handed over. */
  readonly to: string | Writable | null
  /** As `calls=api_calls`. */
  readonly eventNames: readonly string[]
}

/** What was written. */
export interface MeterEventsExport {
  readonly events: number
  /** Of them, what Stripe does not take any more: older than 35 days. */
  readonly tooOld: number
  /** Tenants without an external id, which go by their own id. */
  readonly unnamed: readonly string[]
}

function isUnnamed({ customer }: MeterEvent): boolean {
  return customer === null
}

function readEventNames(written: readonly string[], meters: readonly string[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  for (const text of written) {
    const [meter = '', name = '', ...rest] = text.split('=').map((part) => part.trim())
    if (!meters.includes(meter) || !EVENT_NAME.test(name) || rest.length > 0) {
      const detail = `--event-name is ${JSON.stringify(text)}: write METER=NAME, with one of ${meters.join(', ')}, as ${meters[0]}=api_calls.`
      throw new GatezError('invalid-parameter', detail)
    }
    names.set(meter, name)
  }
  return names
}

const EVENT_NAME = /^[!-~]{1,100}$/
