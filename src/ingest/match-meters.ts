import { JsonNumber } from '../lib/exact-json.ts'
import type { Meter } from '../model/meter.ts'
import { QUANTITY_PLACES, QUANTITY_WHOLE_DIGITS_MAX, readDecimal } from '../model/quantity.ts'
import type { EventFault, IncomingEvent } from './incoming-event.ts'
import { invalid } from './read-event.ts'

/** What an event gives to meters. */
export interface MeterMatch {
  /** Id of each meter that takes it → what it takes. */
  readonly quantities: Readonly<Record<string, string>>
}

/**
 * Finds the meters that take an event, and what each takes of it: one event may feed many.
 *
 * A meter that looks at a property the event does not have takes nothing. A value that no invoice could hold
 * is a fault, never a guess. `mayLower` says whether the sender may report less than nothing, where the
 * meter allows it: a customer must not be able to shrink its own bill.
 */
export function matchMeters(
  event: IncomingEvent,
  meters: readonly Meter[],
  { mayLower }: { readonly mayLower: boolean },
): MeterMatch | EventFault {
  const quantities: Record<string, string> = {}
  for (const meter of meters) {
    if (meter.from !== 'event' || !metricsOf(meter).includes(event.metric)) continue
    const property = meter.event?.property ?? null
    const value = property === null ? event.value : readProperty(event, property)
    if (property !== null && value === undefined) continue
    const quantity = quantityOf(meter, value, property ?? 'value')
    if (typeof quantity !== 'string') return quantity
    if (quantity.startsWith('-') && meter.aggregation !== 'unique_count') {
      const may = meter.event?.negative === true && mayLower
      if (!may) return invalid(negativeText(meter, property ?? 'value', quantity))
    }
    quantities[meter.id] = quantity
  }
  return { quantities }
}

function metricsOf(meter: Meter): readonly string[] {
  return meter.event?.metrics ?? [meter.id]
}

/** Scalars only; a property of another kind is as good as none. */
function readProperty({ properties }: IncomingEvent, name: string): string | JsonNumber | undefined {
  const value = Object.hasOwn(properties, name) ? properties[name] : undefined
  return typeof value === 'string' || value instanceof JsonNumber ? value : undefined
}

function quantityOf(
  meter: Meter,
  value: string | JsonNumber | undefined,
  field: string,
): string | EventFault {
  if (meter.aggregation === 'count') return '1'
  if (value === undefined) return invalid(`${field} is missing, which the meter ${meter.id} takes`)
  const text = typeof value === 'string' ? value : value.text
  const decimal = readDecimal(text)
  // "007" and "7" are two things; 7 and 7.0 are one.
  if (meter.aggregation === 'unique_count')
    return uniqueOf(meter, typeof value === 'string' ? text : (decimal ?? text), field)
  if (decimal !== undefined) return decimal
  return invalid(
    `${field} is ${JSON.stringify(text.slice(0, 40))}; the meter ${meter.id} takes a decimal with at most ` +
      `${QUANTITY_WHOLE_DIGITS_MAX} digits before the point and ${QUANTITY_PLACES} after it`,
  )
}

/** Visible ASCII, as header fields carry it. */
function uniqueOf(meter: Meter, text: string, field: string): string | EventFault {
  if (/^[!-~](?:[ -~]{0,126}[!-~])?$/.test(text)) return text
  return invalid(
    `${field} is ${JSON.stringify(text.slice(0, 40))}; the meter ${meter.id} takes a text of at most 128 visible ASCII characters`,
  )
}

function negativeText(meter: Meter, field: string, quantity: string): string {
  const why =
    meter.event?.negative === true
      ? 'only a token of the operator may report what is below zero'
      : `the meter ${meter.id} takes nothing below zero (negative: true allows it)`
  return `${field} is ${quantity}; ${why}`
}
