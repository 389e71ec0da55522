import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import { GatezError } from '../errors/gatez-error.ts'
import { threadUrl } from '../lib/bundle.ts'
import { controlStorePlace } from '../storage/open.ts'
import type { IngestCommand, IngestReport, IngestRules, IngestThreadData } from './ingest-messages.ts'

/** The ingest thread, as the main thread sees it: it takes events in that are sent to `POST /v1/events`. */
export class Ingesting {
  readonly #worker: Worker
  readonly #stopped = Promise.withResolvers<void>()
  #ending = false
  #dead = false

  private constructor(worker: Worker) {
    this.#worker = worker
  }

  /** Starts the thread; resolves when its store is open. Throws `store-unavailable` when it does not open. */
  static async start(data: IngestThreadData, parts: IngestingParts): Promise<Ingesting> {
    const worker = new Worker(threadUrl('ingest-thread'), { workerData: data, name: 'ingest' })
    const ingesting = new Ingesting(worker)
    const ready = Promise.withResolvers<void>()
    worker.on('message', (report: IngestReport) => {
      if (report.kind === 'ready') ready.resolve()
      else if (report.kind === 'counted') parts.onCounted()
      else if (report.kind === 'failed') parts.onFailed(report.error)
      else ingesting.#stopped.resolve()
    })
    worker.on('error', (cause) => {
      const detail = `${controlStorePlace(data)} cannot be opened for events.`
      ready.reject(new GatezError('store-unavailable', detail, { cause }))
      parts.onDeath(cause)
    })
    worker.on('exit', (code) => {
      ingesting.#dead = true
      ingesting.#stopped.resolve()
      if (!ingesting.#ending) parts.onDeath(new Error(`the ingest thread ended with code ${code}`))
    })
    await ready.promise
    return ingesting
  }

  /** A way for one gateway thread to hand over requests. */
  connect(): MessagePort {
    const { port1, port2 } = new MessageChannel()
    this.#send({ kind: 'connect', port: port1 }, [port1])
    return port2
  }

  /** Puts other rules in force, from the next request on. */
  replaceRules(rules: IngestRules): void {
    this.#send({ kind: 'rules', rules })
  }

  /** Takes in what has come and ends the thread. Once called, calling it again waits for the same end. */
  async stop(): Promise<void> {
    if (!this.#ending && !this.#dead) this.#send({ kind: 'stop' })
    this.#ending = true
    await this.#stopped.promise
    await this.#worker.terminate()
  }

  #send(command: IngestCommand, transfer: readonly MessagePort[] = []): void {
    this.#worker.postMessage(command, [...transfer])
  }
}

export interface IngestingParts {
  /** Events are in the ledger. */
  readonly onCounted: () => void
  /** What was asked for could not be done; its senders were told. */
  readonly onFailed: (error: Readonly<Record<string, unknown>>) => void
  readonly onDeath: (error: unknown) => void
}
