import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import { GatezError } from '../errors/gatez-error.ts'
import { SMALL_YOUNG, threadUrl } from '../lib/bundle.ts'
import type { MeterCommand, MeterReport, MeterThreadData } from './meter-messages.ts'
import type { SpoolPlace } from './spool-files.ts'

/** The meter thread, as the main thread sees it. */
export class Meter {
  readonly #worker: Worker
  #ending = false
  #dead = false

  private constructor(worker: Worker) {
    this.#worker = worker
  }

  /** Starts the thread; resolves when its spool is open. Throws `store-unavailable` when it does not open. */
  static async start(data: MeterThreadData, parts: MeterParts): Promise<Meter> {
    const worker = new Worker(threadUrl('meter-thread'), {
      workerData: data,
      name: 'meter',
      resourceLimits: SMALL_YOUNG,
    })
    const meter = new Meter(worker)
    const ready = Promise.withResolvers<void>()
    worker.on('message', (report: MeterReport) => {
      if (report.kind === 'ready') ready.resolve()
      else if (report.kind === 'committed') parts.onCommitted()
      else if (report.kind === 'down') parts.onDown(report.reason)
      else if (report.kind === 'up') parts.onUp()
      else if (report.kind === 'new-file') parts.onNewFile(report.path, report.reason)
      else if (report.kind === 'filling') parts.onFilling(report.bytes)
    })
    worker.on('error', (cause) => {
      const detail = `The spool ${data.spoolPath} cannot be opened: it is damaged, or the disk refuses it.`
      ready.reject(new GatezError('store-unavailable', detail, { cause }))
      parts.onDeath(cause)
    })
    worker.on('exit', (code) => {
      meter.#dead = true
      if (!meter.#ending) parts.onDeath(new Error(`the meter thread ended with code ${code}`))
    })
    await ready.promise
    return meter
  }

  /** A way for one gateway thread to hand over its events. */
  connect(): MessagePort {
    const { port1, port2 } = new MessageChannel()
    this.#send({ kind: 'connect', port: port1 }, [port1])
    return port2
  }

  /** Everything up to this place is where it belongs: the spool may drop it. */
  shipped(through: SpoolPlace): void {
    this.#send({ kind: 'shipped', through })
  }

  /** Commits what arrived and ends the thread; one that died has nothing left to commit. */
  async stop(): Promise<void> {
    this.#ending = true
    if (this.#dead) return
    const stopped = new Promise<void>((resolve) => {
      this.#worker.on('message', (report: MeterReport) => {
        if (report.kind === 'stopped') resolve()
      })
      this.#worker.on('exit', () => resolve())
    })
    this.#send({ kind: 'stop' })
    await stopped
    await this.#worker.terminate()
  }

  #send(command: MeterCommand, transfer: readonly MessagePort[] = []): void {
    this.#worker.postMessage(command, [...transfer])
  }
}

export interface MeterParts {
  /** Events became durable: there is something to ship. */
  readonly onCommitted: () => void
  /** The disk refuses events; calls are refused until `onUp`. */
  readonly onDown: (reason: string) => void
  readonly onUp: () => void
  /** The disk failed a file of the spool, and events go to a new one; nothing is lost. */
  readonly onNewFile: (path: string, reason: string) => void
  /** The spool holds four fifths of what it may; told once, until it has shrunk. */
  readonly onFilling: (bytes: number) => void
  readonly onDeath: (error: unknown) => void
}
