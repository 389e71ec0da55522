import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { ClientRules, ListenerTls } from '../../src/config/config.ts'
import { Authenticator } from '../../src/gateway/authenticate.ts'
import { TokenAuthenticator } from '../../src/gateway/authenticate-token.ts'
import { CallWatch } from '../../src/gateway/call-watch.ts'
import { Clients } from '../../src/gateway/clients.ts'
import { KeeperClient } from '../../src/gateway/keeper-client.ts'
import { MeterClient } from '../../src/gateway/meter.ts'
import { Pipeline } from '../../src/gateway/pipeline.ts'
import type { PipelineParts } from '../../src/gateway/pipeline-parts.ts'
import { RequestChecks } from '../../src/gateway/request-checks.ts'
import { Rules, type RulesSource } from '../../src/gateway/rules.ts'
import { GatewayServer } from '../../src/gateway/server.ts'
import { Upstreams } from '../../src/gateway/upstreams.ts'
import { ManualClock } from '../../src/lib/clock.ts'
import { UlidMaker } from '../../src/lib/id.ts'
import { Meter } from '../../src/metering/meter.ts'
import type { Api, Route } from '../../src/model/api.ts'
import type { UsageEvent } from '../../src/model/event.ts'
import { type Key, makeSecret } from '../../src/model/key.ts'
import { periodAt } from '../../src/model/period.ts'
import type { RoutePolicy } from '../../src/model/route-policy.ts'
import type { Tenant } from '../../src/model/tenant.ts'
import {
  makeCounterMemory,
  openCounters,
  openGrantReader,
  openLocalCounters,
} from '../../src/storage/open.ts'
import type { ControlStore } from '../../src/storage/ports/control-store.ts'
import { Counter } from '../../src/storage/ports/counters.ts'
import { makeTrafficMemory, readTraffic, Traffic, type TrafficTotals } from '../../src/telemetry/traffic.ts'
import { NOON, plan, storesIn } from './control-store.ts'
import { eventDesk } from './event-desk.ts'
import { FAST_LANE } from './fast-lane.ts'
import { CLIENT_RULES, OWN_PATHS } from './gateway-defaults.ts'
import { fillStore, joinParts, spooledEvents } from './gateway-store.ts'
import { startKeeping } from './keeping.ts'
import { deafMeterParts } from './meter-parts.ts'
import { tempDir } from './temp-dir.ts'

/** One gateway thread without its thread: every part of it real, in this process, on a free port. */
export interface TestGateway {
  readonly port: number
  /** An active key of `acme`. */
  readonly secret: string
  readonly clock: ManualClock
  readonly folder: string
  readonly server: GatewayServer
  readonly pipeline: Pipeline
  readonly clients: Clients
  /** Where keys, tokens and the ledger are. */
  readonly store: ControlStore
  readonly meter: MeterClient
  readonly keeper: KeeperClient
  readonly upstreams: Upstreams
  /** The first of its apis. */
  readonly api: Api
  /** Calls that upstreams have not answered to the end. */
  pending(): number
  /** How many places a limit of `amount` calls in flight has left. */
  placesLeft(name: string, amount: number): number
  /** What broke inside: stays empty unless a test provokes it. */
  readonly alarms: string[]
  /** What an operator would read of failing upstreams. */
  readonly warnings: string[]
  /** What was counted of its traffic. */
  traffic(): TrafficTotals
  /** The events that are durable once all that ended is. */
  events(): Promise<readonly UsageEvent[]>
  /** The same, the parts of a long answer as one event that ends like the last of them. */
  calls(): Promise<readonly UsageEvent[]>
  /** Lets the spool drop what it holds, as if it were shipped. */
  makeRoom(): void
  /** Puts other rules in force. */
  replaceRules(overrides: Partial<RulesSource>): void
}

export interface TestGatewayOptions extends Partial<RulesSource> {
  /** Port of the upstream; one that nothing listens on unless given. */
  readonly upstreamPort?: number
  readonly timeouts?: { readonly connectMs?: number; readonly headersMs?: number; readonly idleMs?: number }
  /** What differs in the api and in the policy of its routes from the usual. */
  readonly api?: Partial<Api>
  readonly policy?: Partial<RoutePolicy>
  readonly clients?: Partial<ClientRules>
  readonly tls?: ListenerTls
  /** Whether more arrives than can be done. */
  readonly isOverloaded?: () => boolean
  readonly routes?: readonly Route[]
  readonly spoolBytesMax?: number
  readonly docsUrl?: string
  readonly clientIp?: 'off' | 'hash' | 'full'
  /** What differs in the key and the tenant from the usual ones. */
  readonly key?: Partial<Key>
  readonly tenant?: Partial<Tenant>
  /** What the ledger would say; it cannot be read unless given. */
  readonly figuresOf?: PipelineParts['figuresOf']
  /** Events a tenant may report in a minute; any number unless given. */
  readonly eventsPerMinute?: number
  /** Bytes of counter memory, cut from a mebibyte. */
  readonly countersMib?: number
  /** Whether plain requests and answers go past node:http and undici; as the run says if not given. */
  readonly fastLane?: boolean
}

/** Starts a gateway for `acme` on plan `free`; ended when the test is over. */
export async function startGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const folder = tempDir()
  const clock = new ManualClock(NOON)
  const secret = makeSecret('live')
  const store = await fillStore(folder, clock, secret, options)
  const meter = await Meter.start(
    {
      spoolPath: join(folder, 'spool.db'),
      durability: 'process',
      epoch: 1,
      spoolBytesMax: options.spoolBytesMax ?? 1e9,
    },
    deafMeterParts(),
  )
  onTestFinished(() => meter.stop())
  const meterPort = meter.connect()
  const trafficMemory = makeTrafficMemory(1)
  const traffic = new Traffic(trafficMemory, 0)
  const client = new MeterClient(meterPort, true, { traffic, clock })
  const alarms: string[] = []
  const warnings: string[] = []
  const keeper = new KeeperClient((await startKeeping(folder, clock)).port)
  const parts = buildParts(options, { folder, store, clock, client, keeper, traffic, alarms, warnings })
  const { server } = parts.server
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.close()
    server.closeAllConnections()
    await parts.upstreams.close()
    meterPort.close()
  })
  return {
    port: (server.address() as AddressInfo).port,
    secret,
    clock,
    folder,
    server: parts.server,
    pipeline: parts.pipeline,
    clients: parts.clients,
    store,
    meter: client,
    keeper,
    upstreams: parts.upstreams,
    api: parts.api,
    pending: () => parts.upstreams.of(parts.api).targets.reduce((sum, { pending }) => sum + pending, 0),
    placesLeft: (name, amount) => {
      const counter = new Counter({
        ...{ tenantId: 'acme', name, kind: 'concurrent', id: name, amount, cost: 1, windowMs: 0 },
      })
      return openLocalCounters(parts.counterMemory).peek([counter], clock.nowMs()).remaining[0] ?? 0
    },
    alarms,
    warnings,
    traffic: () => readTraffic(trafficMemory),
    events: () => spooledEvents(folder, client),
    makeRoom: () => meter.shipped({ file: 1, batchId: 1_000_000 }),
    calls: async () => joinParts(await spooledEvents(folder, client)),
    replaceRules: (overrides) => parts.pipeline.replaceRules(rulesOf({ ...options, ...overrides })),
  }
}

/** A route with defaults for what a test does not care about. */
export function route(overrides: Partial<Route> = {}): Route {
  const usual = { id: 'all', methods: [], path: '/{rest*}', cost: 1, requires: [], auth: 'key' } as const
  return { ...usual, policy: POLICY, ...overrides }
}

/** What a file that says nothing of it gives a route, but for shorter timeouts. */
export const POLICY: RoutePolicy = {
  headersMs: 2_000,
  idleMs: 2_000,
  retries: 1,
  bodyBytesMax: null,
  rewrite: null,
  requestFields: null,
  responseFields: null,
  cors: null,
  maintenance: null,
  validate: false,
  idempotency: null,
}

/** An api on `port`, with one route for everything. */
export function apiOn(port: number, overrides: Partial<Api> = {}): Api {
  return {
    id: 'shop',
    hosts: [],
    upstreams: [`http://127.0.0.1:${port}`],
    balance: 'round-robin',
    connectionsMax: null,
    health: null,
    breaker: null,
    openapi: null,
    requestRules: null,
    secret: null,
    tls: null,
    connectMs: 2_000,
    routes: [route()],
    ...overrides,
  }
}

function buildParts(
  options: TestGatewayOptions,
  made: {
    readonly folder: string
    readonly store: ControlStore
    readonly clock: ManualClock
    readonly client: MeterClient
    readonly keeper: KeeperClient
    readonly traffic: Traffic
    readonly alarms: string[]
    readonly warnings: string[]
  },
) {
  const { clock } = made
  const grants = openGrantReader(storesIn(made.folder), clock)
  onTestFinished(() => grants.close())
  const { fastLane = FAST_LANE } = options
  const upstreams = new Upstreams({ clock, fastLane })
  const alarm = (what: string, error: unknown) => {
    made.alarms.push(`${what}: ${error instanceof Error ? error.stack : String(error)}`)
  }
  const counterMemory = makeCounterMemory(options.countersMib ?? 4)
  const clients = new Clients({
    rules: { ...CLIENT_RULES, ...options.clients },
    record: options.clientIp ?? 'off',
    salt: 'salt',
    counters: openLocalCounters(makeCounterMemory(1)),
    clock,
    warn: (what, detail) => made.warnings.push(`${what}: ${detail}`),
  })
  const ids = new UlidMaker(clock, { epoch: 1, thread: 0 })
  const pipeline: Pipeline = new Pipeline({
    keeper: made.keeper,
    answerKept: (exchange, fields, answer) => server.answerKept(exchange, fields, answer),
    rules: rulesOf(options),
    checks: new RequestChecks(apisOf(options)),
    clients,
    answerPreflight: (exchange, fields) => server.answerPreflight(exchange, fields),
    isOverloaded: options.isOverloaded ?? (() => false),
    authenticator: new Authenticator((hash) => grants.grantByHash(hash)),
    tokens: new TokenAuthenticator((hash) => grants.tokenByHash(hash)),
    counters: openCounters(counterMemory),
    meter: made.client,
    upstreams,
    clock,
    watch: new CallWatch({
      ...{ traffic: made.traffic, clock, sample: null, accessLog: undefined, exporter: undefined },
    }),
    nextId: () => ids.next(),
    periodOf: (cycle, atMs) => periodAt(cycle, 'UTC', atMs),
    billingPeriodAt: (atMs) => periodAt('month', 'UTC', atMs),
    figuresOf: options.figuresOf ?? (() => Promise.reject(new Error('no ledger here'))),
    takeEvents: eventDesk({
      ...{ store: made.store, clock, counterMemory, perMinute: options.eventsPerMinute ?? null },
      ...{ meters: options.meters ?? [], onFailed: (error) => alarm('events', error) },
    }),
    answerOwn: (exchange, answer) => server.answerOwn(exchange, answer),
    answer: (exchange, refusal, fields) => server.answer(exchange, refusal, fields),
    fault: (exchange, error) => server.fault(exchange, error),
    warn: (what, detail) => made.warnings.push(`${what}: ${detail}`),
    alarm,
  })
  const server: GatewayServer = new GatewayServer({
    pipeline,
    clock,
    ids,
    docsUrl: options.docsUrl ?? null,
    clients,
    ...{ tls: options.tls ?? null, fastLane, alarm },
  })
  return { pipeline, server, clients, upstreams, counterMemory, api: apisOf(options)[0] ?? apiOn(1) }
}

function rulesOf(options: TestGatewayOptions): Rules {
  const { plans = [plan()], features = [], meters = [], dimensions = [] } = options
  const { ownPaths = OWN_PATHS } = options
  return new Rules({ apis: apisOf(options), plans, features, meters, dimensions, ownPaths })
}

function apisOf(options: TestGatewayOptions): readonly Api[] {
  const api = apiOn(options.upstreamPort ?? 1)
  const { connectMs = api.connectMs, ...times } = options.timeouts ?? {}
  const routes = (options.routes ?? api.routes).map((one) => {
    return { ...one, policy: { ...one.policy, ...times, ...options.policy } }
  })
  return options.apis ?? [{ ...api, connectMs, routes, ...options.api }]
}
