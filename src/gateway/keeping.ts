import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import type { Config } from '../config/config.ts'
import { GatezError } from '../errors/gatez-error.ts'
import { threadUrl } from '../lib/bundle.ts'
import type { LogFields } from '../telemetry/log.ts'
import type { KeeperConnect, KeeperReport, KeeperThreadData } from './keeper-messages.ts'

/**
 * The keeper thread, as the main thread sees it. It runs from when a route first asks for it.
 *
 * What gateway threads ask before waits in their ports.
 */
export class Keeping {
  readonly #data: KeeperThreadData
  readonly #parts: KeepingParts
  /** Ends of gateway threads that the keeper does not have yet. */
  readonly #ports: MessagePort[] = []
  #worker: Worker | undefined
  #ending = false

  constructor(data: KeeperThreadData, parts: KeepingParts) {
    this.#data = data
    this.#parts = parts
  }

  /** A way for one gateway thread to ask. */
  makePort(): MessagePort {
    const { port1, port2 } = new MessageChannel()
    this.#ports.push(port2)
    return port1
  }

  /** Starts the thread if a route of these asks for it. Throws `store-unavailable` when it does not start. */
  async ensure(apis: Config['apis']): Promise<void> {
    const wanted = apis.some(({ routes }) => routes.some(({ policy }) => policy.idempotency !== null))
    if (!wanted || this.#worker !== undefined) return
    const worker = new Worker(threadUrl('keeper-thread'), { workerData: this.#data, name: 'keeper' })
    this.#worker = worker
    const ready = Promise.withResolvers<void>()
    worker.on('message', (report: KeeperReport) => {
      if (report.kind === 'ready') ready.resolve()
      else this.#parts.onFailed(report.error)
    })
    worker.on('error', (cause) => {
      ready.reject(
        new GatezError('store-unavailable', 'The answers that are kept cannot be opened.', { cause }),
      )
      this.#parts.onDeath(cause)
    })
    worker.on('exit', (code) => {
      if (!this.#ending) this.#parts.onDeath(new Error(`the keeper thread ended with code ${code}`))
    })
    await ready.promise
    for (const port of this.#ports.splice(0)) {
      const connect: KeeperConnect = { port }
      worker.postMessage(connect, [port])
    }
  }

  /** Ends the thread. What it was asked and did not do is not waited for. */
  async stop(): Promise<void> {
    this.#ending = true
    for (const port of this.#ports) port.close()
    await this.#worker?.terminate()
  }
}

export interface KeepingParts {
  /** A store refused. */
  readonly onFailed: (error: LogFields) => void
  readonly onDeath: (error: unknown) => void
}
