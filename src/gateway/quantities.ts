import { statusCounts } from '../model/api.ts'
import type { Meter } from '../model/meter.ts'
import { isQuantity } from '../model/quantity.ts'
import type { Ending } from './ending.ts'

/**
 * The custom meters of one exchange, as JSON for its event, and whether any of them counts.
 *
 * A value that is no quantity (NaN, 16 decimals, text) is left out: it must never reach an invoice.
 */
export function readQuantities(meters: readonly Meter[], ending: Ending): Quantities {
  if (ending.meters === undefined) return NONE
  const quantities: Record<string, string> = {}
  let anyCounts = false
  for (const meter of meters) {
    const value = ending.meters.get(meter.id.toLowerCase())
    if (meter.from !== 'header' || value === undefined || !isQuantity(value)) continue
    if (!statusCounts(meter.countStatuses, ending.status)) continue
    quantities[meter.id] = value
    anyCounts = true
  }
  return anyCounts ? { quantities: JSON.stringify(quantities), anyCounts } : NONE
}

interface Quantities {
  readonly quantities: string
  readonly anyCounts: boolean
}

const NONE: Quantities = { quantities: '', anyCounts: false }
