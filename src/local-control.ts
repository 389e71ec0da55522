import { readFileSync } from 'node:fs'
import packageJson from '../package.json' with { type: 'json' }
import { appOn, systemUser } from './app.ts'
import type { Config } from './config/config.ts'
import { clockFromEnvironment, processEnvironment, remoteFromEnvironment } from './config/environment.ts'
import { loadConfig } from './config/load-config.ts'
import type { NowCases } from './control/cases.ts'
import { ControlClient } from './control/client.ts'
import { readControlAddress } from './control/control-address.ts'
import { controlApp } from './control/control-app.ts'
import { operatorTokenPath } from './control/operator-token.ts'
import { TryRelay } from './control/try-relay.ts'
import { deskCases, evidenceCases, healthOf } from './control-cases.ts'
import { GatezError } from './errors/gatez-error.ts'
import type { Clock } from './lib/clock.ts'
import { makeCounterMemory, openControlStore, openLocalCounters, openUsageLog } from './storage/open.ts'
import { makeTrafficMemory, readTraffic } from './telemetry/traffic.ts'
import { isServing } from './upkeep/check-stores.ts'
import { storeSchema } from './upkeep/store-schema.ts'

/** How often it looks whether a gateway still runs on these stores. */
const LOOK_MS = 5_000

/**
 * A client of the control API that the environment names; else one of an app on the stores of the file, which is
 * asked without any socket and signs with the user of the operating system.
 *
 * It works whether a gateway runs or not. What only a running one knows is asked of it, where the data folder
 * says it listens. Dispose it when done.
 */
export async function openControl(configFile: string): Promise<OpenedControl> {
  const env = processEnvironment()
  const remote = remoteFromEnvironment(env, configFile)
  if (remote !== undefined) {
    return { client: new ControlClient(remote), place: remote.url, [Symbol.asyncDispose]: async () => {} }
  }
  await using opened = new AsyncDisposableStack()
  const config = loadConfig(configFile, env)
  const clock = clockFromEnvironment(env)
  const store = opened.use(await openControlStore(config, clock))
  const usageLog = opened.use(await openUsageLog(config))
  const on = { config: () => config, clock, store }
  const actor = `cli:${systemUser()}`
  const app = controlApp(
    {
      ...{ ...on, version: packageJson.version },
      log: { info: () => {}, warn: () => {}, error: () => {} },
      casesOn: (tables, by) => appOn({ config, clock, store: tables, actor: by }),
      evidence: evidenceCases(on, usageLog),
      deskOn: deskCases(on),
      now: { ...runningGateway(config, clock), health: healthOf(on), schema: () => storeSchema(config) },
      verifier: { verify: notHere, left: notHere, forget: () => {} },
      identityProvider: () => undefined,
      relay: new TryRelay({ store, clock, gatewayAt: () => undefined }),
      counters: openLocalCounters(makeCounterMemory(1)),
      // /metrics has no listener here: nothing was counted.
      traffic: () => readTraffic(makeTrafficMemory(1)),
      spoolDepth: async () => ({ events: 0, oldestMs: null, bytes: 0 }),
    },
    { isPortal: false, host: '127.0.0.1', caller: { kind: 'local', actor } },
  )
  const keep = opened.move()
  const client = new ControlClient({
    url: 'http://localhost',
    fetch: async (url, init) => app.request(url, init),
  })
  return { client, place: configFile, [Symbol.asyncDispose]: () => keep.disposeAsync() }
}

/** A client, and where it looks: an address, or a file. */
export interface OpenedControl extends AsyncDisposable {
  readonly client: ControlClient
  readonly place: string
}

/** What a gateway on these stores says of itself; undefined where none runs, or none that can be asked. */
function runningGateway({ stores }: Config, clock: Clock): Pick<NowCases, 'limits' | 'traffic'> {
  let [serves, lookedMs] = [false, Number.NEGATIVE_INFINITY]
  const ask = async <Answer>(question: (client: ControlClient) => Promise<Answer>) => {
    const nowMs = clock.monotonicMs()
    if (nowMs - lookedMs >= LOOK_MS) [serves, lookedMs] = [isServing({ stores }), nowMs]
    // The address outlives a gateway that was killed, and whoever listens there now must not see the token.
    const url = serves ? readControlAddress(stores.dataDir) : undefined
    if (url === undefined) return undefined
    try {
      const token = readFileSync(operatorTokenPath(stores.dataDir), 'utf8').trim()
      return await question(new ControlClient({ url, token }))
    } catch {
      return undefined
    }
  }
  return {
    limits: async (tenants) => {
      const answer = await ask((client) => client.call('limitsNow', { tenants: tenants.join(',') }))
      return answer?.data ?? undefined
    },
    traffic: async () => (await ask((client) => client.call('trafficNow', {})))?.traffic ?? undefined,
  }
}

async function notHere(): Promise<never> {
  throw new GatezError('local-only', 'Calls are judged by a running gateway only.')
}
