import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { applyPlans } from '../../../src/access/apply-plans.ts'
import { createKey } from '../../../src/access/create-key.ts'
import { createTenant } from '../../../src/access/create-tenant.ts'
import { loadConfig } from '../../../src/config/load-config.ts'
import { readControlAddress } from '../../../src/control/control-address.ts'
import { operatorTokenPath } from '../../../src/control/operator-token.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { openControlStore } from '../../../src/storage/open.ts'
import { until } from '../../support/until.ts'
import { buildOnce } from './build.ts'
import { Child, temporaryFolder } from './child.ts'
import { Inspector } from './inspector.ts'
import { GATEWAY_CPU } from './places.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

/** Builds the program and returns a copy of it: a build meanwhile would take it away from under the bench. */
export function buildProgram(): Disposable & { readonly path: string } {
  buildOnce()
  // It lies in dist, from where it finds its packages.
  const folder = temporaryFolder(join(ROOT, 'dist'))
  cpSync(join(ROOT, 'dist/lib'), folder.path, { recursive: true })
  return folder
}

/** A gateway under load. */
export interface LoadGateway extends AsyncDisposable {
  readonly pid: number
  /** Its configuration. */
  readonly file: string
  readonly port: number
  /** The secret of each tenant's key, in the order they were asked for. */
  readonly keys: readonly string[]
  /** Sees into its main thread, which is its first gateway thread. */
  readonly inspector: Inspector | undefined
  /** What it printed on stderr, the end of it. */
  readonly log: () => string
  /** Where its control API listens, and the token that opens it. */
  control(): Promise<{ readonly port: number; readonly token: string }>
}

export interface LoadGatewayOptions {
  /** The folder of the built program. */
  readonly program: string
  readonly upstreamPort: number
  /** Plan of each tenant: `unlimited`, or `limited` to so many requests a second. */
  readonly tenants: readonly ('unlimited' | 'limited')[]
  readonly limitPerSecond?: number
  /** `process` keeps the moods of the disk out of the figures; it is `disk` if not given. */
  readonly durability?: 'disk' | 'process'
  /** Lets the bench look into it and make it collect garbage. */
  readonly inspected?: boolean
  /** Its control API is asked without end. */
  readonly asked?: boolean
}

/** Starts the built gateway in a folder of its own, on the processor of the gateway. */
export async function startGateway(options: LoadGatewayOptions): Promise<LoadGateway> {
  await using undo = new AsyncDisposableStack()
  const folder = undo.use(temporaryFolder())
  const { file, keys } = await prepare(folder.path, options)
  const flags = options.inspected === true ? ['--inspect=127.0.0.1:0'] : []
  const script = join(options.program, 'gatez.js')
  const child = undo.use(
    Child.start([process.execPath, ...flags, script, 'serve', '--config', file], { cpu: GATEWAY_CPU }),
  )
  const [, port] = await child.prints(/listens on http:\/\/[\d.]+:(\d+)/)
  const inspector = options.inspected === true ? undo.use(await Inspector.of(child)) : undefined
  const running = undo.move()
  return {
    pid: child.pid,
    file,
    port: Number(port),
    keys,
    inspector,
    log: () => child.stderr,
    control: () => controlOf(folder.path),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

function controlOf(folder: string): Promise<{ readonly port: number; readonly token: string }> {
  const dataDir = join(folder, '.gatez')
  return until('control listens', () => {
    const url = readControlAddress(dataDir)
    const token = readFileSync(operatorTokenPath(dataDir), 'utf8').trim()
    return url === undefined ? undefined : { port: Number(new URL(url).port), token }
  })
}

async function prepare(folder: string, options: LoadGatewayOptions) {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'gatez.yaml')
  writeFileSync(file, JSON.stringify(configOf(options), null, 2))
  const config = loadConfig(file, {})
  const clock = systemClock
  await using store = await openControlStore(config, clock)
  const access = { store, clock, billing: config.billing }
  await applyPlans(access, { plans: config.plans, actor: 'bench', mode: 'explicit' })
  const keys: string[] = []
  for (const [index, planId] of options.tenants.entries()) {
    const id = `tenant-${index}`
    await createTenant(access, { id, planId, actor: 'bench' })
    keys.push((await createKey(access, { tenant: id, mode: 'live', actor: 'bench' })).secret)
  }
  return { file, keys }
}

/** Two apis with the same upstream, each with connections of its own; below `/open` no key is asked for. */
function configOf({ upstreamPort, limitPerSecond = 1, durability = 'disk', asked }: LoadGatewayOptions) {
  // What a measurement holds back must not run into a timeout of the upstream.
  const api = { upstream: `http://127.0.0.1:${upstreamPort}`, timeouts: { headers: '10m', idle: '10m' } }
  return {
    version: 1,
    gateway: { listen: '0.0.0.0:0', threads: 'auto', connections_per_ip: null },
    ...(asked === true && { control: { listen: '127.0.0.1:0', requests_per_minute: null } }),
    metering: { durability },
    apis: [
      { id: 'other', hosts: [OTHER_HOST], ...api, routes: [{ id: 'other', match: 'ANY /{rest*}' }] },
      {
        id: 'shop',
        ...api,
        routes: [
          { id: 'open', match: 'ANY /open/{rest*}', auth: 'none' },
          { id: 'all', match: 'ANY /{rest*}' },
        ],
      },
    ],
    plans: [
      { id: 'unlimited', routes: 'all' },
      { id: 'limited', routes: 'all', limits: [{ requests: limitPerSecond, per: 'second' }] },
    ],
  }
}

/** The host of the second api. */
export const OTHER_HOST = 'other.example'
