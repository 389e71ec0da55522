import { setTimeout as pause } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { assert } from '../../lib/assert.ts'
import { shiftedClock } from '../../lib/clock.ts'
import { giveWay } from '../../lib/give-way.ts'
import { openControlStore } from '../../storage/open.ts'
import { describeError } from '../../telemetry/log.ts'
import { DeskLease } from './desk-lease.ts'
import type { DeskCommand, DeskData, DeskMessage } from './desk-messages.ts'
import { type DeskConfig, deskRound } from './desk-round.ts'

/** How often the desk looks whether there is something to do. */
const EVERY_MS = 1_000
/** How often it goes after invoices that were not paid in time. */
const DUNNING_EVERY_MS = 60_000
/** How often it looks at what tenants may spend. */
const CAPS_EVERY_MS = 5_000
/** It ends when it had nothing to do for so long. */
const IDLE_MS = 10_000
/** How long it waits after a round that failed. */
const AFTER_FAILURE_MS = 30_000

/** Keeps the billing desk on a thread of its own: pricing a month takes long, and no call may wait for it. It ends by itself. */
class DeskThread {
  readonly #report: (message: DeskMessage) => void
  readonly #stopping = new AbortController()
  #config: DeskConfig

  constructor(config: DeskConfig, report: (message: DeskMessage) => void) {
    this.#config = config
    this.#report = report
  }

  handle(command: DeskCommand): void {
    if (command.kind === 'config') this.#config = command.config
    else this.#stopping.abort()
  }

  async run({ clockOffsetMs }: DeskData): Promise<void> {
    const clock = shiftedClock(clockOffsetMs)
    await using store = await openControlStore(this.#config, clock)
    await using lease = new DeskLease(store, clock)
    const { signal } = this.#stopping
    let dunnedMs = Number.NEGATIVE_INFINITY
    let cappedMs = Number.NEGATIVE_INFINITY
    let idleAtMs = clock.monotonicMs() + IDLE_MS
    while (!signal.aborted && clock.monotonicMs() < idleAtMs) {
      let waitMs = EVERY_MS
      try {
        if (!(await lease.hold())) {
          await pause(EVERY_MS, undefined, { signal }).catch(() => {})
          continue
        }
        const isDunning = clock.monotonicMs() - dunnedMs >= DUNNING_EVERY_MS
        const isCapping = clock.monotonicMs() - cappedMs >= CAPS_EVERY_MS
        if (isCapping) cappedMs = clock.monotonicMs()
        const report = await deskRound({ store, clock, config: this.#config, isDunning, isCapping })
        if (isDunning) dunnedMs = clock.monotonicMs()
        const { made, acts, mails, caps } = report
        if (made.some(({ problems }) => problems.length > 0)) waitMs = AFTER_FAILURE_MS
        const isDone = made.length > 0 || acts.length > 0 || mails > 0 || caps.length > 0
        // Caps are looked at as long as there are any.
        if (isDone || report.watchesCaps) idleAtMs = clock.monotonicMs() + waitMs + IDLE_MS
        if (isDone) this.#report({ kind: 'done', report })
      } catch (error) {
        this.#report({ kind: 'failed', error: describeError(error) })
        waitMs = AFTER_FAILURE_MS
        idleAtMs = clock.monotonicMs() + waitMs + IDLE_MS
      }
      await pause(waitMs, undefined, { signal }).catch(() => {})
    }
  }
}

giveWay('tenth')
const parent = parentPort
assert(parent !== null, 'the billing desk is started as a worker')
const data: DeskData = workerData
const thread = new DeskThread(data.config, (message) => parent.postMessage(message))
parent.on('message', (command: DeskCommand) => thread.handle(command))
thread.run(data).then(
  () => {
    parent.postMessage({ kind: 'stopped' } satisfies DeskMessage)
    parent.close()
  },
  (error: unknown) => {
    throw error
  },
)
