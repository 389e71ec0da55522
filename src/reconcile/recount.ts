import { canonicalJson } from '../lib/canonical-json.ts'
import { DigestSum } from '../lib/digest.ts'
import type { UsageEvent } from '../model/event.ts'
import { digestEvent } from '../model/event-digest.ts'
import { formatQuantity, QUANTITY_PLACES, quantityFemtos } from '../model/quantity.ts'
import type { Seal, SealedMeter } from '../model/seal.ts'
import { isValue, MeterTally } from './meter-tally.ts'

/**
 * Counts the raw events of one bucket again: what its rollups and its seals should say.
 *
 * Deliberately not the code that makes rollups: a mistake there must not be made here as well. How a meter was
 * counted is what the seal of an event says: the file may say something else by now. A value that no seal
 * knows of is added up.
 */
export class Recount {
  /** By `cellName`. */
  readonly cells = new Map<string, Counted>()
  /** By `runName`, of events that have seals. */
  readonly runs = new Map<string, CountedRun>()
  readonly #seals: ReadonlyMap<string, Seal>

  constructor(seals: readonly Seal[]) {
    this.#seals = new Map(seals.map((seal) => [runName(seal), seal]))
  }

  /** `sealed` is false for an event from before there were seals. */
  add(event: UsageEvent, sealed: boolean): void {
    const runOf = runName(event)
    const sealedMeters = (sealed ? this.#seals.get(runOf)?.meters : undefined) ?? NO_METERS
    const name = cellName({ ...event, statusClass: Math.trunc(event.statusCode / 100) })
    let cell = this.cells.get(name)
    if (cell === undefined) {
      cell = new Counted(event.tenantId, event.billable)
      this.cells.set(name, cell)
    }
    cell.add(event, sealedMeters)
    if (!sealed) return
    let run = this.runs.get(runOf)
    if (run === undefined) {
      run = new CountedRun(event.tenantId)
      this.runs.set(runOf, run)
    }
    run.add(event, sealedMeters)
    run.addDigests(event)
  }
}

/** What one rollup is about, as one text. */
export function cellName(cell: CellKey): string {
  const { tenantId, keyId, apiId, routeId, planId, planVersion, subscriptionId, statusClass, billable } = cell
  const names = [tenantId, keyId, apiId, routeId, planId, planVersion, subscriptionId, statusClass, billable]
  const dimensions = canonicalJson(cell.dimensions)
  return dimensions === '{}' ? names.join('\n') : `${names.join('\n')}\n${dimensions}`
}

/** A run of a node, as one text. */
export function runName({ nodeId, epoch }: { readonly nodeId: string; readonly epoch: number }): string {
  return `${nodeId}\n${epoch}`
}

/** The fields that tell rollups of one bucket apart. */
export interface CellKey {
  readonly tenantId: string
  readonly keyId: string
  readonly apiId: string
  readonly routeId: string
  readonly planId: string
  readonly planVersion: number
  readonly subscriptionId: string
  readonly statusClass: number
  readonly billable: boolean
  readonly dimensions: Readonly<Record<string, string>>
}

/** Sums of events, under the names in which differences are told. */
export class Counted {
  readonly tenantId: string
  readonly billable: boolean
  events = 0
  requests = 0
  refused = 0
  billed = 0
  units = 0
  bytesIn = 0
  bytesOut = 0
  durationMs = 0
  /** Custom meters. */
  readonly meters = new Map<string, MeterTally>()

  constructor(tenantId: string, billable: boolean) {
    this.tenantId = tenantId
    this.billable = billable
  }

  add(event: UsageEvent, sealed: readonly SealedMeter[]): void {
    this.events += 1
    this.requests += event.count
    if (event.outcome === 'refused') this.refused += event.count
    if (event.billable) this.billed += event.count
    this.units += event.usageUnits
    this.bytesIn += event.bytesReceived
    this.bytesOut += event.bytesSent
    this.durationMs += event.responseTimeMs
    for (const [meterId, value] of Object.entries(event.quantities)) {
      this.takeValue(meterId, { value, event, how: howCounted(sealed, meterId, event.seq) })
    }
    for (const [meterId, reason] of Object.entries(event.leaks ?? {})) this.tallyOf(meterId).leak(reason, 1n)
  }

  protected takeValue(meterId: string, { value, event, how }: MeterValue): void {
    this.tallyOf(meterId).take(how?.aggregation ?? 'sum', value, event)
  }

  protected tallyOf(meterId: string): MeterTally {
    const tally = this.meters.get(meterId) ?? new MeterTally()
    this.meters.set(meterId, tally)
    return tally
  }
}

/** The same for the events of one run, with their digests. */
export class CountedRun extends Counted {
  readonly ids = new DigestSum()
  readonly contents = new DigestSum()
  firstSeq = Number.POSITIVE_INFINITY
  lastSeq = 0
  readonly #spans = new Map<SealedMeter | string, CountedSpan>()

  constructor(tenantId: string) {
    super(tenantId, false)
  }

  /** What its seal should say of meters, as one text; where the seal says otherwise, the text differs. */
  get meterText(): string {
    const texts = [...this.#spans].map(([of, { firstSeq, lastSeq, femtos }]) => {
      if (typeof of === 'string') return `${of} unknown`
      const { meterId, aggregation } = of
      return sealedText({ meterId, aggregation, firstSeq, lastSeq, quantity: formatQuantity(femtos) })
    })
    return texts.sort().join('\n')
  }

  override add(event: UsageEvent, sealed: readonly SealedMeter[]): void {
    super.add(event, sealed)
    this.firstSeq = Math.min(this.firstSeq, event.seq)
    this.lastSeq = Math.max(this.lastSeq, event.seq)
  }

  addDigests(event: UsageEvent): void {
    const { id, content } = digestEvent(event)
    this.ids.add(id)
    this.contents.add(content)
  }

  // A run is not told what its rollups are told: only what its seal is.
  protected override takeValue(meterId: string, { value, event, how }: MeterValue): void {
    const aggregation = how?.aggregation ?? 'sum'
    const femtos = !isValue(aggregation, value) ? 0n : aggregation === 'sum' ? quantityFemtos(value) : ONE
    const span = this.#spans.get(how ?? meterId) ?? { firstSeq: event.seq, lastSeq: event.seq, femtos: 0n }
    this.#spans.set(how ?? meterId, {
      firstSeq: Math.min(span.firstSeq, event.seq),
      lastSeq: Math.max(span.lastSeq, event.seq),
      femtos: span.femtos + femtos,
    })
  }
}

/** What a seal says of its meters, as `CountedRun.meterText` says it. */
export function sealedMeterText({ meters }: Seal): string {
  return meters.map(sealedText).sort().join('\n')
}

interface MeterValue {
  readonly value: string
  readonly event: UsageEvent
  /** What the seal says of it; undefined where it says nothing. */
  readonly how: SealedMeter | undefined
}

interface CountedSpan {
  readonly firstSeq: number
  readonly lastSeq: number
  readonly femtos: bigint
}

function howCounted(meters: readonly SealedMeter[], meterId: string, seq: number): SealedMeter | undefined {
  return meters.find((each) => each.meterId === meterId && each.firstSeq <= seq && seq <= each.lastSeq)
}

function sealedText({ meterId, aggregation, firstSeq, lastSeq, quantity }: SealedMeter): string {
  return `${meterId} ${aggregation} ${firstSeq}–${lastSeq} ${quantity}`
}

const NO_METERS: readonly SealedMeter[] = []
const ONE = 10n ** BigInt(QUANTITY_PLACES)
