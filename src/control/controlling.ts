import { Worker } from 'node:worker_threads'
import packageJson from '../../package.json' with { type: 'json' }
import type { Config } from '../config/config.ts'
import { GatezError } from '../errors/gatez-error.ts'
import { SMALL_YOUNG, threadUrl } from '../lib/bundle.ts'
import { type Clock, systemClock } from '../lib/clock.ts'
import type { Meter } from '../metering/meter.ts'
import type { ControlCommand, ControlReport, ControlThreadData, ListeningAt } from './control-messages.ts'

/** Starts the control API and the portals on a thread of their own. */
export function startControl(parts: ControllingParts, tell: ControlTold): Promise<Controlling> {
  const { config, clock, meter, nodeId, epoch, counterMemory, trafficMemory } = parts
  const clockOffsetMs = clock.nowMs() - systemClock.nowMs()
  const { version } = packageJson
  const meterPort = meter.connect()
  const shared = { counterMemory, trafficMemory, meterPort }
  const data = { config, version, nodeId, epoch, clockOffsetMs, ...shared }
  return Controlling.start(data, tell)
}

/** What it is started with. */
export interface ControllingParts
  extends Pick<ControlThreadData, 'config' | 'nodeId' | 'epoch' | 'counterMemory' | 'trafficMemory'> {
  readonly clock: Clock
  readonly meter: Pick<Meter, 'connect'>
}

/** What the control thread tells. */
export interface ControlTold {
  readonly onDeath: (error: unknown) => void
  /** The billing desk has work. */
  readonly onDeskWanted: () => void
}

/** The control thread, as the main thread sees it: the control API and the portals, beside every call. */
class Controlling {
  /** Where it listens. */
  readonly control: ListeningAt
  /** The portal, where it has a listener of its own. */
  readonly portal: ListeningAt | null
  readonly #worker: Worker
  readonly #state: { ending: boolean; readonly ended: Promise<void> }

  private constructor(
    worker: Worker,
    state: { ending: boolean; readonly ended: Promise<void> },
    at: { readonly control: ListeningAt; readonly portal: ListeningAt | null },
  ) {
    this.#worker = worker
    this.#state = state
    this.control = at.control
    this.portal = at.portal
  }

  /** Starts the thread; resolves when it listens. Throws `port-taken` and what is wrong with the stores. */
  static async start(data: ControlThreadData, { onDeath, onDeskWanted }: ControlTold): Promise<Controlling> {
    const worker = new Worker(threadUrl('control-thread'), {
      workerData: data,
      transferList: [data.meterPort],
      name: 'control',
      resourceLimits: SMALL_YOUNG,
    })
    const ready = Promise.withResolvers<Extract<ControlReport, { kind: 'listening' }>>()
    const ended = Promise.withResolvers<void>()
    const state = { ending: false, ended: ended.promise }
    worker.on('message', (report: ControlReport) => {
      if (report.kind === 'listening') ready.resolve(report)
      else if (report.kind === 'not-listening') {
        state.ending = true
        const code = report.code === 'port-taken' ? 'port-taken' : 'store-unavailable'
        ready.reject(new GatezError(code, report.detail))
      } else if (report.kind === 'desk-wanted') onDeskWanted()
      else ended.resolve()
    })
    worker.on('error', (cause) => {
      ready.reject(cause)
      ended.resolve()
      if (!state.ending) onDeath(cause)
    })
    worker.on('exit', (code) => {
      ended.resolve()
      if (!state.ending) onDeath(new Error(`the control thread ended with code ${code}`))
    })
    try {
      return new Controlling(worker, state, await ready.promise)
    } catch (error) {
      state.ending = true
      await worker.terminate()
      throw error
    }
  }

  /** Puts another configuration in force, from the next request on. */
  replaceConfig(config: Config): void {
    this.#send({ kind: 'config', config })
  }

  /** Says where the gateway listens. */
  tellGateway(at: ListeningAt): void {
    this.#send({ kind: 'gateway', at })
  }

  /** Lets requests under way end and ends the thread. Once called, calling it again waits for the same end. */
  async stop(): Promise<void> {
    if (!this.#state.ending) this.#send({ kind: 'stop' })
    this.#state.ending = true
    await this.#state.ended
    await this.#worker.terminate()
  }

  #send(command: ControlCommand): void {
    this.#worker.postMessage(command)
  }
}
