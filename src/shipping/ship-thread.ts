import { parentPort, workerData } from 'node:worker_threads'
import { copyEvents } from '../ingest/copy-events.ts'
import { assert } from '../lib/assert.ts'
import { shiftedClock } from '../lib/clock.ts'
import { carryAdjustments } from '../metering/carry-adjustments.ts'
import type { SpoolPlace } from '../metering/spool-files.ts'
import { SpoolReader } from '../metering/spool-reader.ts'
import { usageReport } from '../metering/usage-report.ts'
import { viewUsageReport } from '../metering/usage-view.ts'
import type { UsageEvent } from '../model/event.ts'
import { openControlStore, openUsageLog } from '../storage/open.ts'
import type { ControlStore } from '../storage/ports/control-store.ts'
import { describeError } from '../telemetry/log.ts'
import { type MeteringRules, Shipper } from './ship.ts'
import { ShipLoop, type Ships } from './ship-loop.ts'
import type { ShipCommand, ShipReport, ShipThreadData } from './ship-messages.ts'

/** Ships on a thread of its own: writing to the stores takes long, and no call may wait for it. */
class ShipThread {
  readonly #store: ControlStore
  readonly #shipper: ThreadShipper
  readonly #loop: ShipLoop
  readonly #report: (report: ShipReport) => void
  #showEvents: boolean

  private constructor({ store, shipper, showEvents, report }: ShipThreadParts) {
    this.#store = store
    this.#report = report
    this.#showEvents = showEvents
    this.#shipper = shipper((through, events) => {
      report({ kind: 'shipped', through, events: this.#showEvents ? events : [] })
    })
    this.#loop = new ShipLoop(this.#shipper, (error) =>
      report({ kind: 'failed', error: describeError(error) }),
    )
  }

  /** Opens the stores and ships what an earlier run left behind. */
  static async start(data: ShipThreadData, report: Report): Promise<ShipThread> {
    const { nodeId, stores, metering } = data
    const clock = shiftedClock(data.clockOffsetMs)
    const store = await openControlStore({ stores }, clock)
    const usageLog = await openUsageLog({ stores })
    const spool = new SpoolReader(data.spoolPath)
    const shipper = (onShipped: OnShipped): ThreadShipper => {
      const ofSpool = new Shipper({ spool, store, usageLog, nodeId, clock, metering, onShipped })
      return {
        // What came in as events is in the ledger already.
        ship: async () => (await ofSpool.ship()) + (await copyEvents({ store, usageLog })),
        replaceMetering: (rules) => ofSpool.replaceMetering(rules),
      }
    }
    const thread = new ShipThread({ store, shipper, showEvents: data.showEvents, report })
    await thread.#shipper.ship()
    await carryAdjustments(store, usageLog, clock.nowMs())
    report({ kind: 'ready' })
    return thread
  }

  handle(command: ShipCommand): void {
    if (command.kind === 'wake') this.#loop.wake()
    else if (command.kind === 'enough') this.#showEvents = false
    else if (command.kind === 'metering') this.#shipper.replaceMetering(command.metering)
    else if (command.kind === 'figures') void this.#readFigures(command)
    else void this.#finish()
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
    try {
      // Twice: the first may join a run that looked just before the last events became durable, or that failed.
      await this.#shipper.ship().catch(() => {})
      await this.#shipper.ship()
      this.#report({ kind: 'finished' })
    } catch (error) {
      this.#report({ kind: 'finished', error: describeError(error) })
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
}

interface ThreadShipper extends Ships {
  replaceMetering(rules: MeteringRules): void
}

type OnShipped = (through: SpoolPlace, events: readonly UsageEvent[]) => void

const parent = parentPort
assert(parent !== null, 'the ship thread is started as a worker')
ShipThread.start(workerData, (report) => parent.postMessage(report)).then(
  (thread) => parent.on('message', (command: ShipCommand) => thread.handle(command)),
  (error: unknown) => {
    throw error
  },
)
