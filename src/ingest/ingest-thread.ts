import { setTimeout as pause } from 'node:timers/promises'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { assert } from '../lib/assert.ts'
import { shiftedClock } from '../lib/clock.ts'
import { UlidMaker } from '../lib/id.ts'
import type { Dimension } from '../model/dimension.ts'
import { openControlStore, openLocalCounters } from '../storage/open.ts'
import type { ControlStore } from '../storage/ports/control-store.ts'
import { describeError } from '../telemetry/log.ts'
import { EventDesk } from './event-desk.ts'
import { EventRates } from './event-rates.ts'
import type {
  EventsQuestion,
  EventsReply,
  IngestCommand,
  IngestReport,
  IngestThreadData,
} from './ingest-messages.ts'
import { EventTaker } from './take-events.ts'

/** No gateway thread has this number: ids of events are of a maker of their own. */
const THREAD = 31

/** Takes events in on a thread of its own: parsing and committing take long, and no call may wait for them. */
class IngestThread {
  readonly #store: ControlStore
  readonly #desk: EventDesk
  readonly #rates: EventRates
  #dimensions: readonly Dimension[]
  readonly #ports: MessagePort[] = []
  readonly #report: (report: IngestReport) => void

  private constructor(store: ControlStore, data: IngestThreadData, report: (report: IngestReport) => void) {
    const clock = shiftedClock(data.clockOffsetMs)
    const ids = new UlidMaker(clock, { epoch: data.epoch, thread: THREAD })
    this.#store = store
    this.#dimensions = data.rules.dimensions
    this.#report = report
    const counters = openLocalCounters(data.counterMemory)
    this.#rates = new EventRates(counters, () => clock.nowMs(), data.rules.perMinute)
    this.#desk = new EventDesk(
      {
        taker: new EventTaker({ store, clock, ids, dimensions: () => this.#dimensions }),
        admit: (request, events) => this.#rates.admit(request, events),
        onCounted: () => report({ kind: 'counted' }),
        onFailed: (error) => report({ kind: 'failed', error: describeError(error) }),
      },
      data.rules.meters,
    )
  }

  static async start(data: IngestThreadData, report: (report: IngestReport) => void): Promise<IngestThread> {
    const { stores } = data
    const store = await openControlStore({ stores }, shiftedClock(data.clockOffsetMs))
    return new IngestThread(store, data, report)
  }

  handle(command: IngestCommand): void {
    if (command.kind === 'connect') this.#connect(command.port)
    else if (command.kind === 'rules') {
      this.#desk.replaceMeters(command.rules.meters)
      this.#dimensions = command.rules.dimensions
      this.#rates.replace(command.rules.perMinute)
    } else void this.#stop()
  }

  #connect(port: MessagePort): void {
    this.#ports.push(port)
    port.on('message', ({ id, request }: EventsQuestion) => {
      this.#desk.add({
        request,
        answer: (answer) => port.postMessage({ id, answer } satisfies EventsReply),
      })
    })
  }

  async #stop(): Promise<void> {
    await this.#desk.idle()
    for (const port of this.#ports) port.close()
    await this.#store[Symbol.asyncDispose]()
    this.#report({ kind: 'stopped' })
  }
}

/** How long it waits before it tries again to open a store that is away. */
const AGAIN_MS = 500

/** Opens the store; while it is away, what was asked for waits. undefined when it was told to end meanwhile. */
async function opened(
  data: IngestThreadData,
  report: (report: IngestReport) => void,
  isStopped: () => boolean,
): Promise<IngestThread | undefined> {
  while (!isStopped()) {
    try {
      return await IngestThread.start(data, report)
    } catch (error) {
      report({ kind: 'failed', error: describeError(error) })
      await pause(AGAIN_MS)
    }
  }
  return undefined
}

const parent = parentPort
assert(parent !== null, 'the ingest thread is started as a worker')
const report = (what: IngestReport): void => parent.postMessage(what)
const early: IngestCommand[] = []
const take = (command: IngestCommand): void => void early.push(command)
parent.on('message', take)
opened(workerData, report, () => early.some(({ kind }) => kind === 'stop')).then(
  (thread) => {
    if (thread === undefined) return report({ kind: 'stopped' })
    parent.off('message', take)
    parent.on('message', (command: IngestCommand) => thread.handle(command))
    for (const command of early) thread.handle(command)
  },
  (error: unknown) => {
    throw error
  },
)
