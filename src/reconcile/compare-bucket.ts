import { isoTime } from '../lib/iso-time.ts'
import { formatQuantity, quantityFemtos } from '../model/quantity.ts'
import type { Seal } from '../model/seal.ts'
import type { Rollup } from '../storage/ports/ledger.ts'
import { type Difference, difference } from './difference.ts'
import { type Counted, type CountedRun, cellName, type Recount, runName } from './recount.ts'

/** What all stores say of one bucket. */
export interface BucketFacts {
  readonly bucketMs: number
  /** Undefined where the raw events are forgotten. */
  readonly recount: Recount | undefined
  readonly rollups: readonly Rollup[]
  readonly seals: readonly Seal[]
}

/** A run whose events in one bucket are not those that were sealed. */
export interface Suspect {
  readonly bucketMs: number
  readonly nodeId: string
  readonly epoch: number
  /** Undefined when there is no seal for what was counted. */
  readonly seal: Seal | undefined
  /** Undefined when there is a seal and no event. */
  readonly counted: CountedRun | undefined
  /** Whether raw events and rollups agree, so that it must be the seal that is wrong. */
  readonly sealIsWrong: boolean
}

/** Holds the raw events of a bucket, its rollups and its seals against each other. */
export function compareBucket(facts: BucketFacts): {
  readonly differences: readonly Difference[]
  readonly suspects: readonly Suspect[]
} {
  const { recount } = facts
  if (recount === undefined) return { differences: compareSums(facts), suspects: [] }
  const cells = compareCells(facts, recount)
  const suspects = suspectRuns(facts, recount, cells.length === 0)
  // Where the raw events are those that were sealed, a rollup that differs is the rollup's fault.
  const store = suspects.some(({ sealIsWrong }) => !sealIsWrong) ? 'usage_log' : 'ledger'
  return { differences: cells.map((cell) => ({ ...cell, store })), suspects }
}

function suspectRuns(facts: BucketFacts, recount: Recount, cellsAgree: boolean): readonly Suspect[] {
  const seals = new Map(facts.seals.map((seal) => [runName(seal), seal]))
  const suspects: Suspect[] = []
  for (const name of new Set([...seals.keys(), ...recount.runs.keys()])) {
    const [seal, counted] = [seals.get(name), recount.runs.get(name)]
    if (seal !== undefined && counted !== undefined && isSealOf(seal, counted)) continue
    const [nodeId = '', epoch = '0'] = name.split('\n')
    const sealIsWrong = cellsAgree && !sumsAgree(seal, counted)
    suspects.push({ bucketMs: facts.bucketMs, nodeId, epoch: Number(epoch), seal, counted, sealIsWrong })
  }
  return suspects
}

function isSealOf(seal: Seal, counted: CountedRun): boolean {
  return seal.ids === counted.ids.text && seal.contents === counted.contents.text && sumsAgree(seal, counted)
}

function sumsAgree(seal: Seal | undefined, counted: CountedRun | undefined): boolean {
  if (seal === undefined || counted === undefined) return false
  return (
    seal.events === counted.events &&
    seal.requests === counted.requests &&
    seal.refused === counted.refused &&
    seal.billable === counted.billed &&
    seal.usageUnits === counted.units &&
    seal.bytesReceived === counted.bytesIn &&
    seal.bytesSent === counted.bytesOut &&
    seal.durationMs === counted.durationMs &&
    seal.firstSeq === counted.firstSeq &&
    seal.lastSeq === counted.lastSeq &&
    unequalMeters(metersOf(seal.quantities), counted.meters).length === 0
  )
}

/** Every rollup that is not what the raw events come to. */
function compareCells({ bucketMs, rollups }: BucketFacts, recount: Recount): readonly Difference[] {
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
    ...unequalMeters(metersOf(rollup.quantities), counted.meters),
  ]
}

function unequalMeters(
  says: ReadonlyMap<string, bigint>,
  makes: ReadonlyMap<string, bigint>,
): readonly string[] {
  return [...new Set([...says.keys(), ...makes.keys()])].sort().flatMap((meter) => {
    const [one, other] = [says.get(meter) ?? 0n, makes.get(meter) ?? 0n]
    if (one === other) return []
    return [`it says ${formatQuantity(one)} ${meter}, the raw events make ${formatQuantity(other)}`]
  })
}

function metersOf(quantities: Readonly<Record<string, string>>): ReadonlyMap<string, bigint> {
  return new Map(Object.entries(quantities).map(([meter, quantity]) => [meter, quantityFemtos(quantity)]))
}

/** Without raw events the rollups must still come to what was sealed. */
function compareSums({ bucketMs, rollups, seals }: BucketFacts): readonly Difference[] {
  const [made, sealed] = [new Map<string, bigint>(), new Map<string, bigint>()]
  const add = (sums: Map<string, bigint>, what: string, value: bigint) =>
    sums.set(what, (sums.get(what) ?? 0n) + value)
  for (const rollup of rollups) {
    add(made, 'requests', BigInt(rollup.requests))
    add(made, 'refused', BigInt(rollup.refused))
    add(made, 'calls', rollup.billable ? BigInt(rollup.requests) : 0n)
    add(made, 'units', BigInt(rollup.usageUnits))
    add(made, 'bytes in', BigInt(rollup.bytesReceived))
    add(made, 'bytes out', BigInt(rollup.bytesSent))
    add(made, 'ms', BigInt(rollup.durationMs))
    for (const [meter, femtos] of metersOf(rollup.quantities)) add(made, `10⁻¹⁵ ${meter}`, femtos)
  }
  for (const seal of seals) {
    add(sealed, 'requests', BigInt(seal.requests))
    add(sealed, 'refused', BigInt(seal.refused))
    add(sealed, 'calls', BigInt(seal.billable))
    add(sealed, 'units', BigInt(seal.usageUnits))
    add(sealed, 'bytes in', BigInt(seal.bytesReceived))
    add(sealed, 'bytes out', BigInt(seal.bytesSent))
    add(sealed, 'ms', BigInt(seal.durationMs))
    for (const [meter, femtos] of metersOf(seal.quantities)) add(sealed, `10⁻¹⁵ ${meter}`, femtos)
  }
  const unequal = [...new Set([...made.keys(), ...sealed.keys()])].flatMap((what) => {
    const [one, other] = [made.get(what) ?? 0n, sealed.get(what) ?? 0n]
    return one === other ? [] : [`${one} ${what} instead of ${other}`]
  })
  if (unequal.length === 0) return []
  const what = `The rollups come to something else than was sealed: ${unequal.join('; ')}.`
  return [difference('ledger', what, { bucket: isoTime(bucketMs) })]
}
