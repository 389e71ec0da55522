import { DigestSum } from '../lib/digest.ts'
import { isoTime } from '../lib/iso-time.ts'
import { digestMark } from '../model/mark-digest.ts'
import { quantityFemtos } from '../model/quantity.ts'
import type { Seal } from '../model/seal.ts'
import type { Rollup } from '../storage/ports/ledger.ts'
import { compareCells } from './compare-cells.ts'
import { type Difference, difference } from './difference.ts'
import { type CountedRun, type Recount, runName, sealedMeterText } from './recount.ts'

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
  const marks = compareMarks(facts)
  if (recount === undefined) return { differences: [...compareSums(facts), ...marks], suspects: [] }
  const cells = compareCells(facts, recount)
  const suspects = suspectRuns(facts, recount, cells.length === 0)
  // Where the raw events are those that were sealed, a rollup that differs is the rollup's fault.
  const store = suspects.some(({ sealIsWrong }) => !sealIsWrong) ? 'usage_log' : 'ledger'
  return { differences: [...cells.map((cell): Difference => ({ ...cell, store })), ...marks], suspects }
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
    sealedMeterText(seal) === counted.meterText
  )
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
    for (const [meter, quantity] of Object.entries(rollup.quantities)) {
      add(made, `10⁻¹⁵ ${meter}`, quantityFemtos(quantity))
    }
  }
  for (const seal of seals) {
    add(sealed, 'requests', BigInt(seal.requests))
    add(sealed, 'refused', BigInt(seal.refused))
    add(sealed, 'calls', BigInt(seal.billable))
    add(sealed, 'units', BigInt(seal.usageUnits))
    add(sealed, 'bytes in', BigInt(seal.bytesReceived))
    add(sealed, 'bytes out', BigInt(seal.bytesSent))
    add(sealed, 'ms', BigInt(seal.durationMs))
    for (const { meterId, aggregation, quantity } of seal.meters) {
      const isAdded = aggregation === 'sum' || aggregation === 'count'
      if (isAdded) add(sealed, `10⁻¹⁵ ${meterId}`, quantityFemtos(quantity))
    }
  }
  const unequal = [...new Set([...made.keys(), ...sealed.keys()])].flatMap((what) => {
    const [one, other] = [made.get(what) ?? 0n, sealed.get(what) ?? 0n]
    return one === other ? [] : [`${one} ${what} instead of ${other}`]
  })
  if (unequal.length === 0) return []
  const what = `The rollups come to something else than was sealed: ${unequal.join('; ')}.`
  return [difference('ledger', what, { bucket: isoTime(bucketMs) })]
}

/** The marks that are there must be those that were written: whatever stands behind them, and though it is forgotten. */
function compareMarks({ bucketMs, rollups, seals }: BucketFacts): readonly Difference[] {
  const [there, written] = [new DigestSum(), new DigestSum()]
  for (const rollup of rollups) for (const mark of rollup.marks) there.add(digestMark(rollup, mark))
  for (const { marks } of seals) written.addAll(DigestSum.parse(marks))
  if (there.text === written.text) return []
  const what = 'What is kept of meters that are not added up is not what was written there.'
  return [difference('ledger', what, { bucket: isoTime(bucketMs) })]
}
