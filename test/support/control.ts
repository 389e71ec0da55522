import { onTestFinished } from 'vitest'
import { createToken } from '../../src/access/create-token.ts'
import { inviteMember } from '../../src/access/invite-member.ts'
import { appOn } from '../../src/app.ts'
import type { Config } from '../../src/config/config.ts'
import { parseConfig } from '../../src/config/load-config.ts'
import { ControlClient } from '../../src/control/client.ts'
import { type ControlApp, controlApp } from '../../src/control/control-app.ts'
import type { ListeningAt } from '../../src/control/control-messages.ts'
import type { ControlParts } from '../../src/control/control-parts.ts'
import { IdentityProvider } from '../../src/control/oidc.ts'
import { TryRelay } from '../../src/control/try-relay.ts'
import { deskCases, evidenceCases, nowCases } from '../../src/control-cases.ts'
import { Authenticator } from '../../src/gateway/authenticate.ts'
import { CallVerifier } from '../../src/gateway/call-verifier.ts'
import { MeterClient } from '../../src/gateway/meter.ts'
import { Rules } from '../../src/gateway/rules.ts'
import { ManualClock } from '../../src/lib/clock.ts'
import { UlidMaker } from '../../src/lib/id.ts'
import { periodFinder } from '../../src/limits/period-finder.ts'
import { Meter } from '../../src/metering/meter.ts'
import { readSpoolDepth } from '../../src/metering/spool-depth.ts'
import type { UsageEvent } from '../../src/model/event.ts'
import type { MemberRole } from '../../src/model/tenant.ts'
import {
  makeCounterMemory,
  openControlStore,
  openCounters,
  openGrantReader,
  openLocalCounters,
  openUsageLog,
} from '../../src/storage/open.ts'
import type { ControlStore } from '../../src/storage/ports/control-store.ts'
import { makeTrafficMemory, readTraffic, Traffic } from '../../src/telemetry/traffic.ts'
import { TrafficWindow } from '../../src/telemetry/traffic-window.ts'
import { NOON } from './control-store.ts'
import { spooledEvents } from './gateway-store.ts'
import { deafMeterParts } from './meter-parts.ts'
import { tempDir } from './temp-dir.ts'

/** The control API without its thread and its socket: every part of it real, in this process. */
export interface TestControl {
  readonly app: ControlApp
  /** What one gateway thread would count in. */
  readonly trafficMemory: SharedArrayBuffer
  readonly parts: ControlParts
  readonly store: ControlStore
  readonly clock: ManualClock
  readonly config: Config
  /** The secret of a token with the scope owner. */
  readonly owner: string
  /** A token with these scopes. */
  token(scopes: string): Promise<string>
  /** Asks as this token, or as nobody. */
  ask(method: string, path: string, how?: AskOptions): Promise<Answered>
  /** A client that reaches the app without any socket, but while `fails` says so. */
  client(token?: string, fails?: () => boolean): ControlClient
  /** A member who signed in, and its cookie and csrf token. */
  member(tenant: string, email: string, role: MemberRole): Promise<SignedInMember>
  /** What a gateway thread counts, and the window its counts are seen through: it looks when told to. */
  readonly traffic: Traffic
  readonly trafficWindow: TrafficWindow
  /** What went wrong inside: stays empty unless a test provokes it. */
  readonly faults: string[]
  /** The events that are durable. */
  events(): Promise<readonly UsageEvent[]>
}

export interface AskOptions {
  readonly token?: string | undefined
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The answer as JSON; undefined when it is none. */
  readonly json: any
}

export interface SignedInMember {
  readonly id: string
  readonly headers: Readonly<Record<string, string>>
}

const CONFIG = {
  version: 1,
  control: { requests_per_minute: null },
  apis: [
    {
      id: 'shop',
      upstream: 'http://127.0.0.1:1',
      routes: [
        { id: 'search', match: 'GET /v1/search' },
        { id: 'analyze', match: 'POST /v1/analyze', cost: 5, requires: ['ai'] },
      ],
    },
  ],
  features: { ai: 'AI endpoints' },
  plans: [
    { id: 'free', routes: 'all', keys: { max: 5 }, limits: [{ requests: 3, per: 'minute' }] },
    { id: 'pro', routes: 'all', features: ['ai'], keys: { approval: 'manual' } },
  ],
}

export const PASSWORD = 'correct horse battery'

/** Starts it with plans free and pro; `overrides` say what differs in its file. Closed when the test is over. */
export async function startControl(
  overrides: object = {},
  place: { readonly isPortal: boolean; readonly gatewayAt?: ListeningAt } = { isPortal: false },
): Promise<TestControl> {
  const folder = tempDir()
  const clock = new ManualClock(NOON)
  const text = JSON.stringify({ ...CONFIG, ...overrides })
  const config = parseConfig(text, { file: `${folder}/gatez.yaml`, env: { OIDC_SECRET: 'quite secret' } })
  const store = await openControlStore(config, clock)
  onTestFinished(() => store[Symbol.asyncDispose]())
  const usageLog = await openUsageLog(config)
  onTestFinished(() => usageLog[Symbol.asyncDispose]())
  await appOn({ config, clock, store, actor: 'cli:test' }).applyPlans({ mode: 'explicit' })
  const faults: string[] = []
  const { verifier, events, counters: gatewayCounters } = await testVerifier(config, store, clock)
  const on = { config, clock, store }
  const trafficMemory = makeTrafficMemory(1)
  const trafficWindow = new TrafficWindow(clock, () => readTraffic(trafficMemory))
  const fault = (fields: object): void => void faults.push(JSON.stringify(fields))
  const provider = config.portal.oidc === null ? undefined : new IdentityProvider(config.portal.oidc)
  const parts: ControlParts = {
    ...{ store, clock, version: '0.0.0', verifier },
    log: { info: () => {}, warn: fault, error: fault },
    config: () => config,
    casesOn: (tables, actor) => appOn({ config, clock, store: tables, actor }),
    deskOn: deskCases({ clock, config: () => config }),
    evidence: evidenceCases({ ...on, config: () => config }, usageLog),
    now: nowCases({ ...on, config: () => config }, { counters: gatewayCounters, traffic: trafficWindow }),
    traffic: () => readTraffic(trafficMemory),
    spoolDepth: async () => readSpoolDepth(`${config.stores.dataDir}/spool.db`, 1, 0),
    identityProvider: () => provider,
    counters: openLocalCounters(makeCounterMemory(1)),
    relay: new TryRelay({ store, clock, gatewayAt: () => place.gatewayAt }),
  }
  const app = controlApp(parts, { ...place, host: '127.0.0.1' })
  const token = async (scopes: string) =>
    (await createToken({ store, clock }, { name: 'test', scopes, actor: 'cli:test' })).secret
  const owner = await token('owner')
  const ask = (method: string, path: string, how: AskOptions = {}) => answerOf(app, method, path, how)
  return {
    ...{ traffic: new Traffic(trafficMemory, 0), trafficMemory, trafficWindow },
    ...{ app, parts, store, clock, config, owner, token, ask, faults, events },
    client: (secret = owner, fails = () => false) =>
      new ControlClient({
        url: 'http://localhost',
        token: secret,
        fetch: async (url, init) => {
          if (fails()) throw new TypeError('fetch failed')
          return app.request(url, init)
        },
      }),
    member: async (tenant, email, role) => {
      const invited = await inviteMember({ store, clock }, { tenant, email, role, actor: 'cli:test' })
      const body = { token: invited.token, password: PASSWORD }
      const { json, headers } = await ask('POST', '/api/portal/v1/session/link', { body })
      const cookie = headers.get('set-cookie')!.split(';')[0]!
      clock.advance(60_001)
      return { id: invited.id, headers: { cookie, 'x-csrf-token': json.csrf_token } }
    },
  }
}

async function testVerifier(config: Config, store: ControlStore, clock: ManualClock) {
  const spoolPath = `${config.stores.dataDir}/spool.db`
  const meter = await Meter.start(
    { spoolPath, durability: 'process', epoch: 1, spoolBytesMax: 1e9 },
    deafMeterParts(),
  )
  onTestFinished(() => meter.stop())
  const port = meter.connect()
  onTestFinished(() => port.close())
  const client = new MeterClient(port, true)
  const grants = openGrantReader(config, clock)
  onTestFinished(() => grants.close())
  const { apis, features, meters, dimensions, gateway } = config
  const plans = (await store.plans.current()).map(({ plan }) => plan)
  const ids = new UlidMaker(clock, { epoch: 1, thread: 29 })
  const counters = openCounters(makeCounterMemory(1))
  const verifier = new CallVerifier({
    rules: new Rules({ apis, features, meters, dimensions, plans, ownPaths: gateway.ownPaths }),
    authenticator: new Authenticator((hash) => grants.grantByHash(hash)),
    ...{ counters, meter: client, clock },
    periodOf: periodFinder(config.billing),
    nextId: () => ids.next(),
  })
  const events = () => spooledEvents(config.stores.dataDir, client)
  return { verifier, events, counters }
}

async function answerOf(app: ControlApp, method: string, path: string, how: AskOptions): Promise<Answered> {
  const { token, body, headers = {} } = how
  const isText = typeof body === 'string'
  const response = await app.request(path, {
    method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: isText ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  let json: any
  try {
    json = JSON.parse(text)
  } catch {
    json = undefined
  }
  return { status: response.status, headers: response.headers, text, json }
}
