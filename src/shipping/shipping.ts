import { Worker } from 'node:worker_threads'
import { GatezError } from '../errors/gatez-error.ts'
import { threadUrl } from '../lib/bundle.ts'
import type { SpoolPlace } from '../metering/spool-files.ts'
import type { UsageTotalsView } from '../metering/usage-view.ts'
import type { UsageEvent } from '../model/event.ts'
import type { Period } from '../model/period.ts'
import type { LogFields } from '../telemetry/log.ts'
import type { MeteringRules } from './ship.ts'
import type { ShipCommand, ShipReport, ShipThreadData } from './ship-messages.ts'

/**
 * Room for short-lived objects, a third of it in use: for the events of one group under load. With less, most of a group
 * is taken for long-lived, and all of the heap has to be collected every few seconds.
 */
const YOUNG_MIB = 24

/** The ship thread, as the main thread sees it: it carries events from the spool to the stores. */
export class Shipping {
  readonly #worker: Worker
  readonly #parts: ShippingParts
  readonly #finished = Promise.withResolvers<void>()
  readonly #asked = new Map<number, PromiseWithResolvers<UsageTotalsView>>()
  #lastId = 0
  #ending = false

  private constructor(worker: Worker, parts: ShippingParts) {
    this.#worker = worker
    this.#parts = parts
    this.#finished.promise.catch(() => {})
  }

  /**
   * Starts the thread; resolves when what an earlier run left in the spool is in the stores.
   *
   * Throws `store-unavailable` when that cannot be done.
   */
  static async start(data: Omit<ShipThreadData, 'showEvents'>, parts: ShippingParts): Promise<Shipping> {
    const workerData: ShipThreadData = { ...data, showEvents: parts.onEvents !== undefined }
    const worker = new Worker(threadUrl('ship-thread'), {
      workerData,
      name: 'ship',
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB },
    })
    const shipping = new Shipping(worker, parts)
    const ready = Promise.withResolvers<void>()
    worker.on('message', (report: ShipReport) => {
      if (report.kind === 'ready') ready.resolve()
      else shipping.#read(report)
    })
    worker.on('error', (cause) => {
      const detail = `What an earlier run left in ${data.spoolPath} cannot be brought into the stores: ${cause instanceof Error ? cause.message : String(cause)}`
      ready.reject(new GatezError('store-unavailable', detail, { cause }))
      shipping.#died(cause)
    })
    worker.on('exit', (code) => {
      if (!shipping.#ending) shipping.#died(new Error(`the ship thread ended with code ${code}`))
    })
    await ready.promise
    return shipping
  }

  /** Events became durable: there is something to ship. */
  wake(): void {
    this.#send({ kind: 'wake' })
  }

  /** The file was read again: other meters and dimensions are in force from the next group on. */
  replaceMetering(metering: MeteringRules): void {
    this.#send({ kind: 'metering', metering })
  }

  /** What the ledger holds of a tenant in a period. Rejects when it cannot be read. */
  figuresOf(tenantId: string, period: Period): Promise<UsageTotalsView> {
    this.#lastId += 1
    const answer = Promise.withResolvers<UsageTotalsView>()
    this.#asked.set(this.#lastId, answer)
    this.#send({ kind: 'figures', id: this.#lastId, tenantId, period })
    return answer.promise
  }

  /**
   * Ships all that the spool holds.
   *
   * Throws `store-unavailable` when the stores do not take it: what is left is in the spool, for the next start.
   */
  async finish(): Promise<void> {
    this.#send({ kind: 'finish' })
    await this.#finished.promise
  }

  /** Ends the thread. */
  async stop(): Promise<void> {
    this.#ending = true
    await this.#worker.terminate()
  }

  #read(report: ShipReport): void {
    if (report.kind === 'figures') this.#answered(report.id, report.totals)
    else if (report.kind === 'failed') this.#parts.onFailed(report.error)
    else if (report.kind === 'finished') this.#finish(report.error)
    else if (report.kind === 'shipped') {
      this.#parts.onShipped(report.through)
      if (report.events.length > 0 && this.#parts.onEvents?.(report.events) === false) {
        this.#send({ kind: 'enough' })
      }
    }
  }

  #finish(error: LogFields | undefined): void {
    if (error === undefined) {
      this.#finished.resolve()
      return
    }
    const detail = `The last calls are in the spool alone; the next start brings them into the stores. ${String(error.error)}`
    this.#finished.reject(new GatezError('store-unavailable', detail))
  }

  #answered(id: number, totals: UsageTotalsView | undefined): void {
    const asked = this.#asked.get(id)
    this.#asked.delete(id)
    if (totals === undefined) asked?.reject(new Error('the ledger cannot be read'))
    else asked?.resolve(totals)
  }

  #died(error: unknown): void {
    this.#finished.reject(error)
    this.#parts.onDeath(error)
  }

  #send(command: ShipCommand): void {
    this.#worker.postMessage(command)
  }
}

export interface ShippingParts {
  /** Everything up to this place is in both stores. */
  readonly onShipped: (through: SpoolPlace) => void
  /** Gets the events that were shipped, until it returns false. */
  readonly onEvents?: ((events: readonly UsageEvent[]) => boolean) | undefined
  /** A run failed; it is tried again. */
  readonly onFailed: (error: LogFields) => void
  readonly onDeath: (error: unknown) => void
}
