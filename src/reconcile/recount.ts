import { DigestSum } from '../lib/digest.ts'
import type { UsageEvent } from '../model/event.ts'
import { digestEvent } from '../model/event-digest.ts'
import { quantityFemtos } from '../model/quantity.ts'

/**
 * Counts the raw events of one bucket again: what its rollups and its seals should say.
 *
 * Deliberately not the code that makes rollups: a mistake there must not be made here as well.
 */
export class Recount {
  /** By `cellName`. */
  readonly cells = new Map<string, Counted>()
  /** By `runName`, of events that have seals. */
  readonly runs = new Map<string, CountedRun>()

  /** `sealed` is false for an event from before there were seals. */
  add(event: UsageEvent, sealed: boolean): void {
    const name = cellName({ ...event, statusClass: Math.trunc(event.statusCode / 100) })
    let cell = this.cells.get(name)
    if (cell === undefined) {
      cell = new Counted(event.tenantId, event.billable)
      this.cells.set(name, cell)
    }
    cell.add(event)
    if (!sealed) return
    const runOf = runName(event)
    let run = this.runs.get(runOf)
    if (run === undefined) {
      run = new CountedRun(event.tenantId)
      this.runs.set(runOf, run)
    }
    run.add(event)
    run.addDigests(event)
  }
}

/** What one rollup is about, as one text. */
export function cellName(cell: CellKey): string {
  const { tenantId, keyId, apiId, routeId, planId, planVersion, subscriptionId, statusClass, billable } = cell
  const names = [tenantId, keyId, apiId, routeId, planId, planVersion, subscriptionId, statusClass, billable]
  return names.join('\n')
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
  /** Custom meters, in femtos. */
  readonly meters = new Map<string, bigint>()

  constructor(tenantId: string, billable: boolean) {
    this.tenantId = tenantId
    this.billable = billable
  }

  add(event: UsageEvent): void {
    this.events += 1
    this.requests += event.count
    if (event.outcome === 'refused') this.refused += event.count
    if (event.billable) this.billed += event.count
    this.units += event.usageUnits
    this.bytesIn += event.bytesReceived
    this.bytesOut += event.bytesSent
    this.durationMs += event.responseTimeMs
    for (const [meter, quantity] of Object.entries(event.quantities)) {
      this.meters.set(meter, (this.meters.get(meter) ?? 0n) + femtosOf(quantity))
    }
  }
}

/** The same for the events of one run, with their digests. */
export class CountedRun extends Counted {
  readonly ids = new DigestSum()
  readonly contents = new DigestSum()
  firstSeq = Number.POSITIVE_INFINITY
  lastSeq = 0

  constructor(tenantId: string) {
    super(tenantId, false)
  }

  override add(event: UsageEvent): void {
    super.add(event)
    this.firstSeq = Math.min(this.firstSeq, event.seq)
    this.lastSeq = Math.max(this.lastSeq, event.seq)
  }

  addDigests(event: UsageEvent): void {
    const { id, content } = digestEvent(event)
    this.ids.add(id)
    this.contents.add(content)
  }
}

// What someone wrote into a store by hand may be no number: it counts as none, and so differs.
function femtosOf(quantity: unknown): bigint {
  return typeof quantity === 'string' && /^-?\d+(?:\.\d{1,15})?$/.test(quantity)
    ? quantityFemtos(quantity)
    : 0n
}
