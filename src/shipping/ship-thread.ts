import { parentPort, workerData } from 'node:worker_threads'
import { assert } from '../lib/assert.ts'
import { shiftedClock } from '../lib/clock.ts'
import { SpoolReader } from '../metering/spool.ts'
import type { UsageEvent } from '../model/event.ts'
import { openControlStore, openUsageLog } from '../storage/open.ts'
import { describeError } from '../telemetry/log.ts'
import { Shipper } from './ship.ts'
import { ShipLoop } from './ship-loop.ts'
import type { ShipCommand, ShipReport, ShipThreadData } from './ship-messages.ts'

/** Ships on a thread of its own: writing to the stores takes long, and no call may wait for it. */
class ShipThread {
  readonly #shipper: Shipper
  readonly #loop: ShipLoop
  readonly #report: (report: ShipReport) => void
  #showEvents: boolean

  private constructor(shipper: (onShipped: OnShipped) => Shipper, showEvents: boolean, report: Report) {
    this.#report = report
    this.#showEvents = showEvents
    this.#shipper = shipper((throughBatchId, events) => {
      report({ kind: 'shipped', throughBatchId, events: this.#showEvents ? events : [] })
    })
    this.#loop = new ShipLoop(this.#shipper, (error) =>
      report({ kind: 'failed', error: describeError(error) }),
    )
  }

  /** Opens the stores and ships what an earlier run left behind. */
  static async start(data: ShipThreadData, report: Report): Promise<ShipThread> {
    const { nodeId, stores } = data
    const store = await openControlStore({ stores }, shiftedClock(data.clockOffsetMs))
    const usageLog = await openUsageLog({ stores })
    const spool = new SpoolReader(data.spoolPath)
    const shipper = (onShipped: OnShipped): Shipper =>
      new Shipper({ spool, store, usageLog, nodeId, onShipped })
    const thread = new ShipThread(shipper, data.showEvents, report)
    await thread.#shipper.ship()
    report({ kind: 'ready' })
    return thread
  }

  handle(command: ShipCommand): void {
    if (command.kind === 'wake') this.#loop.wake()
    else if (command.kind === 'enough') this.#showEvents = false
    else void this.#finish()
  }

  async #finish(): Promise<void> {
    this.#loop.stop()
    // Twice: the first may join a run that looked just before the last events became durable.
    await this.#shipper.ship()
    await this.#shipper.ship()
    this.#report({ kind: 'finished' })
  }
}

type Report = (report: ShipReport) => void
type OnShipped = (throughBatchId: number, events: readonly UsageEvent[]) => void

const parent = parentPort
assert(parent !== null, 'the ship thread is started as a worker')
ShipThread.start(workerData, (report) => parent.postMessage(report)).then(
  (thread) => parent.on('message', (command: ShipCommand) => thread.handle(command)),
  (error: unknown) => {
    throw error
  },
)
