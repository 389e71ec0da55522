import { once } from 'node:events'
import { createServer } from 'node:net'
import { Worker } from 'node:worker_threads'
import type { Config, ListenAddress } from '../config/config.ts'
import { GatezError } from '../errors/gatez-error.ts'
import { assert } from '../lib/assert.ts'
import { threadUrl } from '../lib/bundle.ts'
import type { Plan } from '../model/plan.ts'
import type { GatewayCommand, GatewayReport, GatewayThreadData } from './thread-messages.ts'

/** Room for short-lived objects: most requests leave nothing behind, so fewer, larger sweeps cost less. */
const YOUNG_MIB = 64

/** The gateway threads, as the main thread sees them. */
export class GatewayThreads {
  readonly #parts: GatewayThreadsParts
  readonly #workers: readonly Worker[]
  /** Rejects when a thread dies: what waits for it must not wait for ever. */
  readonly #death = Promise.withResolvers<never>()
  #ending = false

  constructor(parts: GatewayThreadsParts) {
    this.#parts = parts
    this.#death.promise.catch(() => {})
    this.#workers = parts.threads.map((data) => this.#start(data))
  }

  /**
   * Listens on all threads and resolves to the port.
   *
   * Port 0 lets the first thread choose; the others join it. Throws `port-taken`.
   */
  async listen(address: ListenAddress): Promise<number> {
    let { port } = address
    for (const worker of this.#workers) port = await this.#listenOn(worker, address, port)
    return port
  }

  replacePlans(plans: readonly Plan[]): void {
    this.#send({ kind: 'plans', plans })
  }

  /** What a running thread can change of it: apis, features, meters, the zone of periods. */
  replaceConfig(config: Config, plans: readonly Plan[]): void {
    this.#send({ kind: 'config', config, plans })
  }

  forget(subjects: readonly string[]): void {
    this.#send({ kind: 'changes', subjects })
  }

  /** Lets requests in flight end, at most `graceMs`, and their events become durable. */
  async drain(graceMs: number): Promise<void> {
    this.#ending = true
    const drained = this.#workers.map((worker) => reportOf(worker, 'drained'))
    this.#send({ kind: 'drain', graceMs })
    await Promise.race([Promise.all(drained), this.#death.promise])
  }

  /** Ends the threads, at once. */
  async stop(): Promise<void> {
    this.#ending = true
    await Promise.all(this.#workers.map((worker) => worker.terminate()))
  }

  #start(data: GatewayThreadData): Worker {
    const worker = new Worker(threadUrl('gateway-thread'), {
      workerData: data,
      transferList: [data.meterPort],
      name: `gateway-${data.thread}`,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB },
    })
    worker.on('message', (report: GatewayReport) => {
      if (report.kind === 'alarm') this.#parts.onAlarm(report.what, report.detail)
    })
    worker.on('error', this.#died)
    worker.on('exit', (code) => {
      if (!this.#ending) this.#died(new Error(`a gateway thread ended with code ${code}`))
    })
    return worker
  }

  readonly #died = (error: unknown): void => {
    this.#death.reject(error)
    this.#parts.onDeath(error)
  }

  async #listenOn(worker: Worker, { host }: ListenAddress, port: number): Promise<number> {
    const reports = [reportOf(worker, 'listening'), reportOf(worker, 'not-listening')]
    const answer = Promise.race([...reports, this.#death.promise])
    const command: GatewayCommand = { kind: 'listen', port }
    worker.postMessage(command)
    const report = await answer
    if (report.kind === 'listening') return report.port
    assert(report.kind === 'not-listening', 'a thread says whether it listens')
    throw listenProblem(host, port, report.errno, report.message)
  }

  #send(command: GatewayCommand): void {
    for (const worker of this.#workers) worker.postMessage(command)
  }
}

export interface GatewayThreadsParts {
  readonly threads: readonly GatewayThreadData[]
  readonly onAlarm: (what: string, detail: string) => void
  /** A thread died: the process must end, for what it counted in shared memory may be half done. */
  readonly onDeath: (error: unknown) => void
}

/**
 * Throws `port-taken` when anyone listens there already.
 *
 * With shared ports a second process would bind the same one silently and take half of the calls.
 */
export async function probePort({ host, port }: ListenAddress): Promise<void> {
  if (port === 0) return
  const server = createServer()
  try {
    server.listen({ host, port, exclusive: true })
    await once(server, 'listening')
  } catch (error) {
    const errno = error instanceof Error && 'code' in error ? String(error.code) : ''
    throw listenProblem(host, port, errno, error instanceof Error ? error.message : '')
  }
  server.close()
  await once(server, 'close')
}

function listenProblem(host: string, port: number, errno: string, message: string): GatezError {
  const why: Record<string, string> = {
    EADDRINUSE: 'something already listens there',
    EACCES: 'this user may not listen there',
    EADDRNOTAVAIL: 'this machine has no such address',
  }
  const cause = new Error(message)
  return new GatezError('port-taken', `gateway.listen ${host}:${port}: ${why[errno] ?? errno}.`, { cause })
}

function reportOf(worker: Worker, kind: GatewayReport['kind']): Promise<GatewayReport> {
  return new Promise((resolve) => {
    const look = (report: GatewayReport): void => {
      if (report.kind !== kind) return
      worker.off('message', look)
      resolve(report)
    }
    worker.on('message', look)
  })
}
