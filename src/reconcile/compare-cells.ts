import { isoTime } from '../lib/iso-time.ts'
import { canonicalQuantity, formatQuantity } from '../model/quantity.ts'
import type { Rollup } from '../storage/ports/ledger.ts'
import { type Difference, difference, NAMED_MAX } from './difference.ts'
import { type MeterTally, markText } from './meter-tally.ts'
import { type Counted, cellName, type Recount } from './recount.ts'

/** What the ledger has of one bucket. */
interface BucketRollups {
  readonly bucketMs: number
  readonly rollups: readonly Rollup[]
}

/** Every rollup that is not what the raw events come to. */
export function compareCells({ bucketMs, rollups }: BucketRollups, recount: Recount): readonly Difference[] {
  const found: Difference[] = []
  const seen = new Set<string>()
  for (const rollup of rollups) {
    const name = cellName(rollup)
    seen.add(name)
    const counted = recount.cells.get(name)
    const unequal =
      counted === undefined ? ['no event at all stands behind it'] : unequalSums(rollup, counted)
    if (unequal.length > 0) found.push(cellDifference(bucketMs, name, unequal))
  }
  for (const [name, { requests }] of recount.cells) {
    if (!seen.has(name)) found.push(cellDifference(bucketMs, name, [`no rollup, but ${requests} requests`]))
  }
  return found
}

function cellDifference(bucketMs: number, name: string, unequal: readonly string[]): Difference {
  const [tenantId = '', keyId = '', , routeId = '', planId = '', version = '', , status, billable] =
    name.split('\n')
  const which = `${billable === 'true' ? 'billable' : 'unbilled'} ${status}xx of route ${routeId}, key ${keyId || '–'}, plan ${planId || '–'} version ${version}`
  return difference('ledger', `The rollup of ${which}: ${unequal.join('; ')}.`, {
    bucket: isoTime(bucketMs),
    tenant_id: tenantId,
  })
}

function unequalSums(rollup: Rollup, counted: Counted): readonly string[] {
  const pairs: readonly (readonly [string, number, number])[] = [
    ['requests', rollup.requests, counted.requests],
    ['refused', rollup.refused, counted.refused],
    ['units', rollup.usageUnits, counted.units],
    ['bytes in', rollup.bytesReceived, counted.bytesIn],
    ['bytes out', rollup.bytesSent, counted.bytesOut],
    ['ms', rollup.durationMs, counted.durationMs],
  ]
  const unequal = pairs.filter(([, says, makes]) => says !== makes)
  return [
    ...unequal.map(([what, says, makes]) => `it says ${says} ${what}, the raw events make ${makes}`),
    ...unequalMeters(rollup, counted.meters),
  ]
}

/** By meter what is added up, then what is kept beside it. */
function unequalMeters(rollup: Rollup, makes: ReadonlyMap<string, MeterTally>): readonly string[] {
  const marks = Map.groupBy(rollup.marks, ({ meterId }) => meterId)
  const meterIds = new Set([...Object.keys(rollup.quantities), ...marks.keys(), ...makes.keys()])
  return [...meterIds].sort().flatMap((meterId) => {
    const counted = makes.get(meterId)
    const said = rollup.quantities[meterId]
    const [says, makesUp] = [said === undefined ? NONE : canonicalQuantity(said), textOf(counted?.added)]
    return [
      ...(says === makesUp ? [] : [`it says ${says} ${meterId}, the raw events make ${makesUp}`]),
      ...unequalMarks(
        meterId,
        new Map((marks.get(meterId) ?? []).map(markText)),
        counted?.marks() ?? NO_MARKS,
      ),
    ]
  })
}

function unequalMarks(
  meterId: string,
  says: ReadonlyMap<string, string>,
  makes: ReadonlyMap<string, string>,
): readonly string[] {
  const unequal = [...new Set([...says.keys(), ...makes.keys()])].filter(
    (name) => says.get(name) !== makes.get(name),
  )
  return unequal.slice(0, NAMED_MAX).map((name) => {
    const what = `${meterId} (${name.trim().replace('\t', ' ')})`
    return `it says ${shown(says.get(name))} of ${what}, the raw events make ${shown(makes.get(name))}`
  })
}

/** Moment, event and quantity of a mark: without those that it does not need. */
function shown(text: string | undefined): string {
  if (text === undefined) return NONE
  const [atMs, eventId = '', quantity = ''] = text.split('\t')
  return eventId === '' ? quantity : `${quantity} at ${isoTime(Number(atMs))} by ${eventId}`
}

function textOf(femtos: bigint | undefined): string {
  return femtos === undefined ? NONE : formatQuantity(femtos)
}

const NONE = 'nothing'
const NO_MARKS: ReadonlyMap<string, string> = new Map()
