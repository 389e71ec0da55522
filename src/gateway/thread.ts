import type { Config } from '../config/config.ts'
import { assert } from '../lib/assert.ts'
import { HOLDS_ENDS } from '../lib/bundle.ts'
import { type Clock, shiftedClock } from '../lib/clock.ts'
import { UlidMaker } from '../lib/id.ts'
import { AloneTally } from '../limits/alone-tally.ts'
import { type PeriodFinder, periodFinder } from '../limits/period-finder.ts'
import { billingPeriodAt } from '../model/billing-calendar.ts'
import type { Plan } from '../model/plan.ts'
import { openGatewayCounters, openGrantReader, openLocalCounters } from '../storage/open.ts'
import type { GrantReader } from '../storage/ports/grant-reader.ts'
import { Traffic } from '../telemetry/traffic.ts'
import { Authenticator } from './authenticate.ts'
import { TokenAuthenticator } from './authenticate-token.ts'
import { Clients } from './clients.ts'
import { EventLoopLag, LAG_EVERY_MS } from './event-loop-lag.ts'
import { Figures } from './figures.ts'
import { IngestClient } from './ingest-client.ts'
import { KeeperClient } from './keeper-client.ts'
import { MeterClient } from './meter.ts'
import { type OpenWatch, openWatch } from './open-watch.ts'
import { Pipeline } from './pipeline.ts'
import { RequestChecks } from './request-checks.ts'
import { Rules } from './rules.ts'
import { GatewayServer } from './server.ts'
import type { GatewayCommand, GatewayReport, GatewayThreadData } from './thread-messages.ts'
import { Upstreams } from './upstreams.ts'

/** How often refusals that are logged in sum are written out when no request comes to do it. */
const FLUSH_MS = 1000

/**
 * One gateway thread: builds its stages, listens, and does what it is told.
 *
 * It knows nothing of where it runs: the first one runs on the main thread, the others on workers.
 */
export class GatewayThread {
  readonly #data: GatewayThreadData
  readonly #report: (report: GatewayReport) => void
  readonly #pipeline: Pipeline
  readonly #server: GatewayServer
  readonly #meter: MeterClient
  readonly #keeper: KeeperClient
  readonly #grants: GrantReader
  readonly #figures: Figures
  readonly #upstreams: Upstreams
  readonly #counters: ReturnType<typeof openGatewayCounters>
  readonly #alone = new AloneTally()
  readonly #clients: Clients
  readonly #traffic: Traffic
  readonly #watching: OpenWatch
  readonly #lag: EventLoopLag
  readonly #flushing: NodeJS.Timeout
  readonly #lagging: NodeJS.Timeout
  #config: Config
  #periodOf: PeriodFinder

  constructor(data: GatewayThreadData, report: (report: GatewayReport) => void) {
    this.#data = data
    this.#report = report
    const { config } = data
    this.#config = config
    this.#periodOf = periodFinder(config.billing)
    const clock = shiftedClock(data.clockOffsetMs)
    this.#lag = new EventLoopLag(clock.monotonicMs())
    const warn = (what: string, detail: string): void => report({ kind: 'warning', what, detail })
    this.#clients = this.#makeClients(clock, warn)
    this.#upstreams = new Upstreams({ clock, fastLane: config.gateway.fastLane })
    this.#upstreams.replaceApis(config.apis)
    this.#grants = openGrantReader(config, clock)
    this.#figures = new Figures(
      (request) => report({ kind: 'figures-wanted', request }),
      () => clock.monotonicMs(),
    )
    const traffic = new Traffic(data.trafficMemory, data.thread)
    this.#traffic = traffic
    this.#watching = openWatch({ telemetry: config.telemetry, traffic, clock, warn })
    this.#meter = new MeterClient(data.meterPort, HOLDS_ENDS, { traffic, clock })
    this.#keeper = new KeeperClient(data.keeperPort)
    const ingest = new IngestClient(data.ingestPort, () => report({ kind: 'ingest-wanted' }))
    const ids = new UlidMaker(clock, { epoch: data.epoch, thread: data.thread })
    this.#counters = this.#openCounters(clock)
    this.#pipeline = new Pipeline({
      rules: this.#rules(data.plans),
      checks: new RequestChecks(config.apis),
      clients: this.#clients,
      authenticator: new Authenticator((hash) => this.#grants.grantByHash(hash)),
      tokens: new TokenAuthenticator((hash) => this.#grants.tokenByHash(hash)),
      counters: this.#counters.counters,
      meter: this.#meter,
      keeper: this.#keeper,
      upstreams: this.#upstreams,
      clock,
      watch: this.#watching.watch,
      nextId: () => ids.next(),
      periodOf: (cycle, atMs, held) => this.#periodOf(cycle, atMs, held),
      billingPeriodAt: (atMs, anchorMs) => billingPeriodAt(this.#config.billing, atMs, anchorMs),
      figuresOf: (tenantId, period) => this.#figures.of(tenantId, period),
      takeEvents: (request) => ingest.take(request),
      answerOwn: (exchange, answer) => this.#server.answerOwn(exchange, answer),
      answerKept: (exchange, fields, answer) => this.#server.answerKept(exchange, fields, answer),
      answerPreflight: (exchange, fields) => this.#server.answerPreflight(exchange, fields),
      isOverloaded: () => this.#lag.lagMs > (this.#clients.rules.maxLagMs ?? Number.POSITIVE_INFINITY),
      answer: (exchange, refusal, fields) => this.#server.answer(exchange, refusal, fields),
      fault: (exchange, error) => this.#server.fault(exchange, error),
      warn,
      alarm: this.#alarm,
    })
    this.#server = new GatewayServer({
      pipeline: this.#pipeline,
      clock,
      ids,
      docsUrl: config.docsUrl,
      clients: this.#clients,
      tls: config.gateway.tls,
      fastLane: config.gateway.fastLane,
      alarm: this.#alarm,
    })
    this.#flushing = setInterval(() => this.#flush(), FLUSH_MS).unref()
    this.#lagging = setInterval(() => this.#look(clock.monotonicMs()), LAG_EVERY_MS).unref()
  }

  handle(command: GatewayCommand): void {
    if (command.kind === 'listen') void this.#counters.ready().then(() => this.#listen(command.port))
    else if (command.kind === 'plans') this.#pipeline.replaceRules(this.#rules(command.plans))
    else if (command.kind === 'config') this.#reload(command.config, command.plans)
    else if (command.kind === 'health') this.#upstreams.setHealth(command.health)
    else if (command.kind === 'changes') this.#pipeline.forget(command.subjects)
    else if (command.kind === 'figures') this.#figures.settle(command.id, command.totals)
    else if (command.kind === 'drain') void this.#drain(command.graceMs)
    else void this.stop()
  }

  /** Lets go of all it holds, at once: what is under way breaks off. */
  async stop(): Promise<void> {
    clearInterval(this.#flushing)
    clearInterval(this.#lagging)
    this.#server.close()
    this.#data.meterPort.close()
    this.#data.ingestPort.close()
    this.#data.keeperPort.close()
    await this.#upstreams.close()
    await this.#counters.counters[Symbol.asyncDispose]()
    this.#grants.close()
  }

  /** In one go between two requests: none sees half of the old and half of the new. */
  #reload(config: Config, plans: readonly Plan[]): void {
    this.#config = config
    this.#watching.reopen()
    this.#periodOf = periodFinder(config.billing)
    this.#upstreams.replaceApis(config.apis)
    this.#clients.replaceRules(config.gateway.clients)
    this.#server.replaceRules(config.gateway.tls)
    this.#pipeline.replaceRules(this.#rules(plans), new RequestChecks(config.apis))
  }

  #listen(port: number): void {
    const { server } = this.#server
    server.on('error', (error: NodeJS.ErrnoException) => {
      if (server.listening) this.#alarm('accepting a connection failed', error)
      else this.#report({ kind: 'not-listening', errno: error.code ?? '', message: error.message })
    })
    const { host } = this.#data.config.gateway.listen
    server.listen({ host, port, reusePort: this.#data.sharePort, backlog: 4096 }, () => {
      const address = server.address()
      assert(typeof address === 'object' && address !== null, 'a listener on TCP has an address')
      this.#report({ kind: 'listening', port: address.port })
    })
  }

  async #drain(graceMs: number): Promise<void> {
    this.#pipeline.startDraining(graceMs)
    await this.#server.drain(graceMs)
    // Connections that were cut off say so a moment later.
    await this.#pipeline.allEnded()
    this.#flush(true)
    await this.#meter.drained()
    // The keeper ends with the process: what it was told must be in its store before.
    await this.#keeper.drained()
    await this.#upstreams.close()
    await this.#watching.close()
    this.#report({ kind: 'drained' })
  }

  #makeClients(clock: Clock, warn: (what: string, detail: string) => void): Clients {
    const { config, ipSalt: salt, clientMemory } = this.#data
    return new Clients({
      rules: config.gateway.clients,
      record: config.metering.clientIp,
      counters: openLocalCounters(clientMemory),
      ...{ salt, clock, warn },
    })
  }

  #openCounters(clock: Clock): ReturnType<typeof openGatewayCounters> {
    const { config, counterMemory, clockOffsetMs } = this.#data
    const warn = (what: string, detail: string): void => this.#report({ kind: 'warning', what, detail })
    return openGatewayCounters(config, counterMemory, {
      ...{ clock, clockOffsetMs, tally: this.#alone },
      onChange: (why) =>
        why === undefined
          ? warn('limits are decided by the shared counters again', '')
          : warn('the shared counters are out of reach: each plan says what happens to its calls', why),
    })
  }

  #look(nowMs: number): void {
    this.#traffic.lagged(this.#lag.tick(nowMs))
  }

  /** Sends out what was held back to be told in sum; `final` before the thread ends. */
  #flush(final = false): void {
    this.#pipeline.flush(final)
    const calls = this.#alone.drain()
    for (const { admitted, refused } of calls) this.#traffic.decidedAlone(admitted, refused)
    if (calls.length > 0) this.#report({ kind: 'alone', calls })
  }

  #rules(plans: readonly Plan[]): Rules {
    const { apis, features, meters, dimensions, gateway } = this.#config
    return new Rules({ apis, features, meters, dimensions, plans, ownPaths: gateway.ownPaths })
  }

  readonly #alarm = (what: string, error: unknown): void => {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.#report({ kind: 'alarm', what, detail })
  }
}
