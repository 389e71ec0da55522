import { EventEmitter, once } from 'node:events'
import { createServer } from 'node:net'
import { Worker } from 'node:worker_threads'
import type { Config, ListenAddress } from '../config/config.ts'
import { GatezError } from '../errors/gatez-error.ts'
import { assert } from '../lib/assert.ts'
import { threadUrl } from '../lib/bundle.ts'
import type { AloneCalls } from '../limits/alone-tally.ts'
import type { UsageTotalsView } from '../metering/usage-view.ts'
import type { Period } from '../model/period.ts'
import type { Plan } from '../model/plan.ts'
import { HealthChecks } from './health-checks.ts'
import { GatewayThread } from './thread.ts'
import type { GatewayCommand, GatewayReport, GatewayThreadData } from './thread-messages.ts'

/** Room for short-lived objects: most requests leave nothing behind, so fewer, larger sweeps cost less. */
const YOUNG_MIB = 64
/** The field that says where the gateway listens. */
const GATEWAY_LISTEN = 'gateway.listen'
/** A thread that has not ended by itself by then is cut off. */
const STOP_MS_MAX = 2_000

/**
 * The gateway threads, as the rest of the program sees them.
 *
 * The first one is the main thread: a call on a worker costs some 3 µs more (docs/decisions/0010).
 */
export class GatewayThreads {
  readonly #parts: GatewayThreadsParts
  readonly #threads: readonly Thread[]
  readonly #health: HealthChecks
  /** Rejects when a thread dies: what waits for it must not wait for ever. */
  readonly #death = Promise.withResolvers<never>()
  #ending = false

  constructor(parts: GatewayThreadsParts) {
    this.#parts = parts
    this.#death.promise.catch(() => {})
    this.#health = new HealthChecks((health, why) => {
      const state = health.healthy ? 'is well again' : 'gets no calls'
      parts.onWarning(`the upstream ${health.url} of ${health.apiId} ${state}`, why)
      this.#send({ kind: 'health', health })
    })
    this.#threads = parts.threads.map((data, index) => (index === 0 ? this.#run(data) : this.#start(data)))
  }

  /**
   * Listens on all threads and resolves to the port.
   *
   * Port 0 lets the first thread choose; the others join it. Throws `port-taken`.
   */
  async listen(address: ListenAddress): Promise<number> {
    let { port } = address
    for (const thread of this.#threads) port = await this.#listenOn(thread, address, port)
    this.#health.replaceApis(this.#parts.threads[0]?.config.apis ?? [])
    return port
  }

  replacePlans(plans: readonly Plan[]): void {
    this.#send({ kind: 'plans', plans })
  }

  /** What a running thread can change of it: apis, features, meters, the zone of periods. */
  replaceConfig(config: Config, plans: readonly Plan[]): void {
    this.#send({ kind: 'config', config, plans })
    this.#health.replaceApis(config.apis)
  }

  forget(subjects: readonly string[]): void {
    this.#send({ kind: 'changes', subjects })
  }

  /** Lets requests in flight end, at most `graceMs`, and their events become durable. */
  async drain(graceMs: number): Promise<void> {
    this.#ending = true
    const drained = this.#threads.map((thread) => reportOf(thread, 'drained'))
    this.#send({ kind: 'drain', graceMs })
    await Promise.race([Promise.all(drained), this.#death.promise])
  }

  /** Ends the threads, at once. */
  async stop(): Promise<void> {
    this.#ending = true
    this.#health.stop()
    await Promise.all(this.#threads.map((thread) => thread.stop()))
  }

  /** On this thread. A fault in it ends the process like any other. */
  #run(data: GatewayThreadData): Thread {
    const reports = new EventEmitter<{ report: [GatewayReport] }>()
    const thread = new GatewayThread(data, (report) => reports.emit('report', report))
    const here: Thread = { send: (command) => thread.handle(command), reports, stop: () => thread.stop() }
    reports.on('report', (report) => this.#read(here, report))
    return here
  }

  #start(data: GatewayThreadData): Thread {
    const reports = new EventEmitter<{ report: [GatewayReport] }>()
    const worker = new Worker(threadUrl('gateway-thread'), {
      workerData: data,
      transferList: [data.meterPort, data.ingestPort, data.keeperPort],
      name: `gateway-${data.thread}`,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB },
    })
    worker.on('message', (report: GatewayReport) => reports.emit('report', report))
    worker.on('error', this.#died)
    const exited = Promise.withResolvers<void>()
    worker.on('exit', (code) => {
      exited.resolve()
      if (!this.#ending) this.#died(new Error(`a gateway thread ended with code ${code}`))
    })
    const there: Thread = {
      send: (command) => worker.postMessage(command),
      reports,
      stop: async () => {
        worker.postMessage({ kind: 'stop' } satisfies GatewayCommand)
        // One that is cut off in the middle of a decision would leave its part of the counters locked.
        const hangs = setTimeout(() => void worker.terminate(), STOP_MS_MAX)
        await exited.promise
        clearTimeout(hangs)
      },
    }
    reports.on('report', (report) => this.#read(there, report))
    return there
  }

  #read(thread: Thread, report: GatewayReport): void {
    if (report.kind === 'alarm') this.#parts.onAlarm(report.what, report.detail)
    else if (report.kind === 'warning') this.#parts.onWarning(report.what, report.detail)
    else if (report.kind === 'alone') this.#parts.onAlone(report.calls)
    else if (report.kind === 'ingest-wanted') this.#parts.onIngestWanted()
    if (report.kind !== 'figures-wanted') return
    const { id, tenantId, period } = report.request
    this.#parts.figuresOf(tenantId, period).then(
      (totals) => thread.send({ kind: 'figures', id, totals }),
      () => thread.send({ kind: 'figures', id, totals: undefined }),
    )
  }

  readonly #died = (error: unknown): void => {
    this.#death.reject(error)
    this.#parts.onDeath(error)
  }

  async #listenOn(thread: Thread, { host }: ListenAddress, port: number): Promise<number> {
    const reports = [reportOf(thread, 'listening'), reportOf(thread, 'not-listening')]
    const answer = Promise.race([...reports, this.#death.promise])
    thread.send({ kind: 'listen', port })
    const report = await answer
    if (report.kind === 'listening') return report.port
    assert(report.kind === 'not-listening', 'a thread says whether it listens')
    throw listenProblem({ field: GATEWAY_LISTEN, host, port }, report.errno, report.message)
  }

  #send(command: GatewayCommand): void {
    for (const thread of this.#threads) thread.send(command)
  }
}

/** A gateway thread, wherever it runs. */
interface Thread {
  send(command: GatewayCommand): void
  readonly reports: EventEmitter<{ report: [GatewayReport] }>
  /** Ends it, at once. */
  stop(): Promise<void>
}

export interface GatewayThreadsParts {
  readonly threads: readonly GatewayThreadData[]
  /** What the ledger holds of a tenant. */
  readonly figuresOf: (tenantId: string, period: Period) => Promise<UsageTotalsView>
  readonly onWarning: (what: string, detail: string) => void
  readonly onAlarm: (what: string, detail: string) => void
  /** A thread has events for the ingest thread. */
  readonly onIngestWanted: () => void
  /** Calls were decided without the counts that nodes share. */
  readonly onAlone: (calls: readonly AloneCalls[]) => void
  /** A thread died: the process must end, for what it counted in shared memory may be half done. */
  readonly onDeath: (error: unknown) => void
}

/**
 * Throws `port-taken`, which names the field the address is from, when anyone listens there already.
 *
 * With shared ports a second process would bind the same one silently and take half of the calls.
 */
export async function probePort(address: ListenAddress, field = GATEWAY_LISTEN): Promise<void> {
  const { host, port } = address
  if (port === 0) return
  const server = createServer()
  try {
    server.listen({ host, port, exclusive: true })
    await once(server, 'listening')
  } catch (error) {
    const errno = error instanceof Error && 'code' in error ? String(error.code) : ''
    throw listenProblem({ field, ...address }, errno, error instanceof Error ? error.message : '')
  }
  server.close()
  await once(server, 'close')
}

function listenProblem(
  { field, host, port }: ListenAddress & { readonly field: string },
  errno: string,
  message: string,
): GatezError {
  const why: Record<string, string> = {
    EADDRINUSE: 'something already listens there',
    EACCES: 'this user may not listen there',
    EADDRNOTAVAIL: 'this machine has no such address',
  }
  const cause = new Error(message)
  return new GatezError('port-taken', `${field} ${host}:${port}: ${why[errno] ?? errno}.`, { cause })
}

function reportOf({ reports }: Thread, kind: GatewayReport['kind']): Promise<GatewayReport> {
  return new Promise((resolve) => {
    const look = (report: GatewayReport): void => {
      if (report.kind !== kind) return
      reports.off('report', look)
      resolve(report)
    }
    reports.on('report', look)
  })
}
