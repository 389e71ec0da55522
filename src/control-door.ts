import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import type { Config } from './config/config.ts'
import { knownSecrets } from './config/known-secrets.ts'
import { removeControlAddress, writeControlAddress } from './control/control-address.ts'
import type {
  ControlCommand,
  ControlReport,
  ControlThreadData,
  ListeningAt,
} from './control/control-messages.ts'
import { type DoorParts, doorApp } from './control/door-app.ts'
import { type Listener, listen } from './control/listen.ts'
import { makeOperatorToken } from './control/operator-token.ts'
import type { ControlThread } from './control-thread.ts'
import { GatezError } from './errors/gatez-error.ts'
import { toProblem } from './errors/problem.ts'
import { DeskLook } from './integrations/desk/desk-look.ts'
import { assert } from './lib/assert.ts'
import { type Clock, shiftedClock } from './lib/clock.ts'
import { giveWay } from './lib/give-way.ts'
import { shrinkHeapLater } from './lib/shrink-heap.ts'
import { readSpoolDepth } from './metering/spool-depth.ts'
import { makeCounterMemory, openControlStore, openLocalCounters } from './storage/open.ts'
import type { ControlStore } from './storage/ports/control-store.ts'
import { describeError, type Log, openLog } from './telemetry/log.ts'
import { readTraffic } from './telemetry/traffic.ts'
import { TrafficWindow } from './telemetry/traffic-window.ts'

const GRACE_MS = 5_000
/** How often what the gateway threads count is looked at. */
const LOOK_MS = 1_000
/** Memory in which requests to control are counted. */
const COUNTERS_MIB = 4

/**
 * Where control listens, and what looks whether the billing desk has work.
 *
 * It is small: it answers probes and Prometheus by itself, and the control API and the portals are loaded with the
 * first request to them, so that a gateway nobody manages over HTTP does without their memory.
 */
class ControlDoor {
  readonly #undo = new AsyncDisposableStack()
  readonly #data: ControlThreadData
  readonly #clock: Clock
  /** The latest of each kind: what comes before the thread is there, it is told then. */
  readonly #told = new Map<string, ControlCommand>()
  #config: Config
  #listeners: readonly Listener[] = []
  #opening: Promise<ControlThread> | undefined
  #opened: ControlThread | undefined
  readonly #traffic: TrafficWindow

  constructor(data: ControlThreadData) {
    this.#data = data
    this.#config = data.config
    this.#clock = shiftedClock(data.clockOffsetMs)
    this.#traffic = new TrafficWindow(this.#clock, () => readTraffic(data.trafficMemory))
  }

  /** Never holds a secret of the file. */
  get log(): Log {
    return openLog(knownSecrets(this.#config))
  }

  async start(report: (report: ControlReport) => void): Promise<ControlReport> {
    const store = this.#undo.use(await openControlStore(this.#config, this.#clock))
    await makeOperatorToken({ store, clock: this.#clock }, this.#config.stores.dataDir)
    const listening = await this.#listen(store)
    const looking = setInterval(() => this.#traffic.look(), LOOK_MS).unref()
    this.#undo.defer(() => clearInterval(looking))
    const look = DeskLook.start({
      ...{ store, clock: this.#clock, config: () => this.#config },
      onWork: () => report({ kind: 'desk-wanted' }),
      onFailed: (error) =>
        this.log.error(describeError(error), 'looking for billing work failed, will retry'),
    })
    this.#undo.defer(() => look.stop())
    return listening
  }

  handle(command: ControlCommand, report: (report: ControlReport) => void): void {
    if (command.kind === 'stop') {
      void this.#stop().finally(() => report({ kind: 'stopped' }))
      return
    }
    if (command.kind === 'config') this.#config = command.config
    this.#told.set(command.kind, command)
    this.#opened?.handle(command)
  }

  async #listen(store: ControlStore): Promise<ControlReport> {
    const { control, portal, stores } = this.#config
    const parts = this.#parts(store)
    const main = await listen(this.#app(parts, false), { ...control, field: 'control.listen' })
    this.#listeners = [main]
    const at = ({ host, port, speaksTls }: Listener): ListeningAt => ({ host, port, speaksTls })
    writeControlAddress(stores.dataDir, at(main))
    this.#undo.defer(() => removeControlAddress(stores.dataDir))
    if (portal.listen === null) return { kind: 'listening', control: at(main), portal: null }
    const place = { listen: portal.listen, tls: portal.tls, isChosen: true, field: 'portal.listen' }
    const other = await listen(this.#app(parts, true), place)
    this.#listeners = [main, other]
    return { kind: 'listening', control: at(main), portal: at(other) }
  }

  #app(parts: DoorParts, isPortal: boolean): Parameters<typeof listen>[0] {
    const { host } = (isPortal ? this.#config.portal.listen : null) ?? this.#config.control.listen
    return doorApp(parts, { isPortal, host }, async (request, env) => {
      try {
        return await (await this.#thread(parts)).app(isPortal).fetch(request, env)
      } catch (error) {
        this.log.error(describeError(error), 'control could not be opened, will retry')
        return unavailable(error, this.#config.docsUrl)
      }
    })
  }

  #parts(store: ControlStore): DoorParts {
    const { version, nodeId, epoch, trafficMemory } = this.#data
    return {
      ...{ store, version, clock: this.#clock, log: this.log, config: () => this.#config },
      traffic: () => readTraffic(trafficMemory),
      spoolDepth: async () => {
        const throughSeq = await store.ledger.watermark({ nodeId, epoch })
        return readSpoolDepth(join(this.#config.stores.dataDir, 'spool.db'), epoch, throughSeq)
      },
      counters: openLocalCounters(makeCounterMemory(COUNTERS_MIB)),
    }
  }

  /** The control API and the portals, loaded with the first request. One that did not open is tried anew. */
  async #thread(parts: DoorParts): Promise<ControlThread> {
    this.#opening ??= this.#open(parts)
    try {
      return await this.#opening
    } catch (error) {
      this.#opening = undefined
      throw error
    }
  }

  async #open(door: DoorParts): Promise<ControlThread> {
    const { ControlThread } = await import('./control-thread.ts')
    const { config } = this.#data
    const thread = await ControlThread.open(config, { data: this.#data, door, traffic: this.#traffic })
    for (const command of this.#told.values()) thread.handle(command)
    this.#opened = thread
    return thread
  }

  async #stop(): Promise<void> {
    await Promise.all(this.#listeners.map((listener) => listener.close(GRACE_MS)))
    await this.#opening?.then((thread) => thread.stop()).catch(() => {})
    this.#data.meterPort.close()
    await this.#undo.disposeAsync()
  }
}

function unavailable(cause: unknown, docsUrl: string | null): Response {
  const error = new GatezError('store-unavailable', 'The stores cannot be opened now.', { cause })
  const problem = toProblem(error, { requestId: 'unknown', docsUrl })
  return Response.json(problem, {
    status: problem.status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
  })
}

giveWay('tenth')
const parent = parentPort
assert(parent !== null, 'the control thread is started as a worker')
const report = (what: ControlReport): void => parent.postMessage(what)
const door = new ControlDoor(workerData)
door.start(report).then(
  (listening) => {
    // What nobody caught must not take the gateway down with it: calls go on, and so do other requests.
    process.on('uncaughtException', (error) =>
      door.log.error(describeError(error), 'a part of control failed'),
    )
    parent.on('message', (command: ControlCommand) => door.handle(command, report))
    report(listening)
    shrinkHeapLater()
  },
  (error: unknown) => {
    if (!(error instanceof GatezError)) throw error
    report({ kind: 'not-listening', code: error.code, detail: error.message })
  },
)
