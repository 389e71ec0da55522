import { setTimeout as pause } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { assert } from '../lib/assert.ts'
import { takeBreaths } from '../lib/breath.ts'
import { type Clock, shiftedClock } from '../lib/clock.ts'
import { giveWay } from '../lib/give-way.ts'
import { shrinkHeapLater } from '../lib/shrink-heap.ts'
import { carryAdjustments } from '../metering/carry-adjustments.ts'
import { SpoolReader } from '../metering/spool-reader.ts'
import { usageReport } from '../metering/usage-report.ts'
import { viewUsageReport } from '../metering/usage-view.ts'
import { openControlStore, openUsageLog } from '../storage/open.ts'
import type { ControlStore } from '../storage/ports/control-store.ts'
import { describeError } from '../telemetry/log.ts'
import { ShipLoop } from './ship-loop.ts'
import type { ShipCommand, ShipReport, ShipThreadData } from './ship-messages.ts'
import { type OnShipped, type ThreadShipper, threadShipper } from './thread-shipper.ts'

/** Ships on a thread of its own: writing to the stores takes long, and no call may wait for it. */
class ShipThread {
  readonly #store: ControlStore
  readonly #shipper: ThreadShipper
  readonly #loop: ShipLoop
  readonly #logLoop: ShipLoop | undefined
  readonly #report: (report: ShipReport) => void
  readonly #nodeId: string
  readonly #clock: Clock
  #showEvents: boolean

  private constructor({ store, shipper, showEvents, report, nodeId, clock }: ShipThreadParts) {
    this.#store = store
    this.#nodeId = nodeId
    this.#clock = clock
    this.#report = report
    this.#showEvents = showEvents
    this.#shipper = shipper((through, events) => {
      report({ kind: 'shipped', through, events: this.#showEvents ? events : [] })
      if (events.length > 0) this.#logLoop?.wake()
    })
    const failed = (error: unknown): void => report({ kind: 'failed', error: describeError(error) })
    this.#loop = new ShipLoop(this.#shipper, failed)
    const { ofLog } = this.#shipper
    this.#logLoop = ofLog === undefined ? undefined : new ShipLoop(ofLog, failed, LOG_PACE)
  }

  /** Opens the stores and ships what an earlier run left behind. */
  static async start(data: ShipThreadData, report: Report): Promise<ShipThread> {
    const { nodeId, stores, metering } = data
    const clock = shiftedClock(data.clockOffsetMs)
    const store = await openControlStore({ stores }, clock)
    const usageLog = await openUsageLog({ stores })
    const spool = new SpoolReader(data.spoolPath)
    const parts = { spool, store, usageLog, nodeId, clock, metering }
    const shipper = (onShipped: OnShipped): ThreadShipper => threadShipper(parts, onShipped)
    const thread = new ShipThread({ store, shipper, showEvents: data.showEvents, report, nodeId, clock })
    await thread.#shipper.ship()
    if (thread.#logLoop === undefined) await carryAdjustments(store, usageLog, clock.nowMs())
    else await thread.#catchUp()
    // From here on there may be calls.
    takeBreaths()
    // What other processes add to the ledger wakes nobody here.
    setInterval(() => thread.#loop.wake(), WAKE_EVERY_MS).unref()
    report({ kind: 'ready' })
    shrinkHeapLater()
    return thread
  }

  handle(command: ShipCommand): void {
    if (command.kind === 'wake') this.#wake()
    else if (command.kind === 'enough') this.#showEvents = false
    else if (command.kind === 'metering') this.#shipper.replaceMetering(command.metering)
    else if (command.kind === 'figures') void this.#readFigures(command)
    else void this.#finish()
  }

  /** Who counts windows again looks for them in the log; a log that is away is filled later. */
  async #catchUp(): Promise<void> {
    try {
      await this.#shipper.ofLog?.ship()
    } catch (error) {
      this.#report({ kind: 'failed', error: describeError(error) })
      this.#logLoop?.wake()
    }
  }

  #wake(): void {
    this.#loop.wake()
    // What came in as events is in the ledger already.
    this.#logLoop?.wake()
  }

  /** Here, because a long reading may wait here and nowhere else. */
  async #readFigures({ id, tenantId, period }: FiguresCommand): Promise<void> {
    try {
      const query = { span: period, timezone: 'UTC', by: [], tenant: tenantId }
      const report = await this.#store.forTenant(tenantId, (tables) => usageReport(tables, query))
      this.#report({ kind: 'figures', id, totals: viewUsageReport(report).total })
    } catch (error) {
      this.#report({ kind: 'failed', error: describeError(error) })
      this.#report({ kind: 'figures', id, totals: undefined })
    }
  }

  async #finish(): Promise<void> {
    this.#loop.stop()
    this.#logLoop?.stop()
    try {
      // Twice: the first may join a run that looked just before the last events became durable, or that failed.
      await this.#shipper.ship().catch(() => {})
      await this.#shipper.ship()
      if (this.#store.isShared) await this.#store.nodes.stopped(this.#nodeId, this.#clock.nowMs())
      await this.#finishLog()
      this.#report({ kind: 'finished' })
    } catch (error) {
      this.#report({ kind: 'finished', error: describeError(error) })
    }
  }

  /** What a log that is away does not take stays in the spool for the next start. */
  async #finishLog(): Promise<void> {
    const { ofLog } = this.#shipper
    if (ofLog === undefined) return
    const shipped = ofLog
      .ship()
      .catch(() => {})
      .then(() => ofLog.ship())
    const late = pause(FINISH_LOG_MS, undefined, { ref: false }).then(() => {
      throw new Error(`the usage log did not take all within ${FINISH_LOG_MS} ms: the spool keeps the rest`)
    })
    try {
      await Promise.race([shipped, late])
    } catch (error) {
      this.#report({ kind: 'failed', error: describeError(error) })
    }
  }
}

type FiguresCommand = Extract<ShipCommand, { kind: 'figures' }>
type Report = (report: ShipReport) => void
interface ShipThreadParts {
  readonly store: ControlStore
  readonly shipper: (onShipped: OnShipped) => ThreadShipper
  readonly showEvents: boolean
  readonly report: Report
  readonly nodeId: string
  readonly clock: Clock
}

/** How often it is looked for what other processes added. */
const WAKE_EVERY_MS = 1_000

/** Soon behind the ledger; a log that is away is looked for every few seconds. */
const LOG_PACE = { delayMs: 100, retryMsMax: 5_000 }

/** How long the end of a process waits for the usage log. */
const FINISH_LOG_MS = 10_000

// Calls go first; but what they leave behind must not grow where they take all there is.
giveWay('sixth')
const parent = parentPort
assert(parent !== null, 'the ship thread is started as a worker')
ShipThread.start(workerData, (report) => parent.postMessage(report)).then(
  (thread) => parent.on('message', (command: ShipCommand) => thread.handle(command)),
  (error: unknown) => {
    throw error
  },
)
