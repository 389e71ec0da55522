import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import { threadUrl } from '../lib/bundle.ts'
import type { IngestCommand, IngestReport, IngestRules, IngestThreadData } from './ingest-messages.ts'

/**
 * The ingest thread, as the main thread sees it: it takes events in that are sent to `POST /v1/events`.
 *
 * It runs from when a gateway thread first has events for it: most gateways never do, and a thread costs
 * 30 MB. What gateway threads hand over before waits in their ports.
 */
export class Ingesting {
  readonly #data: IngestThreadData
  readonly #parts: IngestingParts
  readonly #stopped = Promise.withResolvers<void>()
  /** Ends of gateway threads that the ingest thread does not have yet. */
  readonly #ports: MessagePort[] = []
  #worker: Worker | undefined
  #rules: IngestRules
  #ending = false
  #dead = false

  constructor(data: IngestThreadData, parts: IngestingParts) {
    this.#data = data
    this.#parts = parts
    this.#rules = data.rules
  }

  /** A way for one gateway thread to hand over requests. */
  makePort(): MessagePort {
    const { port1, port2 } = new MessageChannel()
    this.#ports.push(port1)
    return port2
  }

  /** Starts the thread, if it does not run yet.. */
  ensure(): void {
    if (this.#worker !== undefined || this.#ending) return
    const data: IngestThreadData = { ...this.#data, rules: this.#rules }
    const worker = new Worker(threadUrl('ingest-thread'), { workerData: data, name: 'ingest' })
    this.#worker = worker
    worker.on('message', (report: IngestReport) => {
      if (report.kind === 'counted') this.#parts.onCounted()
      else if (report.kind === 'failed') this.#parts.onFailed(report.error)
      else this.#stopped.resolve()
    })
    worker.on('error', (cause) => this.#parts.onDeath(cause))
    worker.on('exit', (code) => {
      this.#dead = true
      this.#stopped.resolve()
      if (!this.#ending) this.#parts.onDeath(new Error(`the ingest thread ended with code ${code}`))
    })
    for (const port of this.#ports.splice(0)) this.#send({ kind: 'connect', port }, [port])
  }

  /** Puts other rules in force, from the next request on. */
  replaceRules(rules: IngestRules): void {
    this.#rules = rules
    this.#send({ kind: 'rules', rules })
  }

  /** Takes in what has come and ends the thread. Once called, calling it again waits for the same end. */
  async stop(): Promise<void> {
    if (!this.#ending && !this.#dead) this.#send({ kind: 'stop' })
    this.#ending = true
    for (const port of this.#ports.splice(0)) port.close()
    if (this.#worker === undefined) return
    await this.#stopped.promise
    await this.#worker.terminate()
  }

  #send(command: IngestCommand, transfer: readonly MessagePort[] = []): void {
    this.#worker?.postMessage(command, [...transfer])
  }
}

export interface IngestingParts {
  /** Events are in the ledger. */
  readonly onCounted: () => void
  /** What was asked for could not be done; its senders were told. */
  readonly onFailed: (error: Readonly<Record<string, unknown>>) => void
  readonly onDeath: (error: unknown) => void
}
