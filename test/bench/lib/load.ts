import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { applyPlans } from '../../../src/access/apply-plans.ts'
import { createKey } from '../../../src/access/create-key.ts'
import { createTenant } from '../../../src/access/create-tenant.ts'
import { loadConfig } from '../../../src/config/load-config.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { openControlStore } from '../../../src/storage/open.ts'

/** The load: 1,000 tenants × 3 keys, 50 routes, three limits of which one above 1,000. */
export const TENANTS = 1_000
export const KEYS_PER_TENANT = 3
export const ROUTES = 50

/** Writes a configuration into `dir` and makes its tenants and keys; returns the file and the keys. */
export async function prepareGatez(dir: string, options: GatezOptions): Promise<PreparedGatez> {
  mkdirSync(dir, { recursive: true })
  const file = join(dir, 'gatez.yaml')
  writeFileSync(file, configText(options))
  const config = loadConfig(file, {})
  const clock = systemClock
  await using store = await openControlStore(config, clock)
  const access = { store, clock, billing: config.billing }
  await applyPlans(access, { plans: config.plans, actor: 'bench', mode: 'explicit' })
  const keys: string[] = []
  for (let tenant = 0; tenant < TENANTS; tenant += 1) {
    const tenantId = `tenant-${tenant}`
    await createTenant(access, { id: tenantId, planId: 'bench', actor: 'bench' })
    for (let key = 0; key < KEYS_PER_TENANT; key += 1) {
      keys.push((await createKey(access, { tenant: tenantId, mode: 'live', actor: 'bench' })).secret)
    }
  }
  return { file, keys }
}

/** The same tenants and keys in another folder, served with other options. */
export function copyGatez(from: PreparedGatez, dir: string, options: GatezOptions): PreparedGatez {
  cpSync(dirname(from.file), dir, { recursive: true })
  const file = join(dir, 'gatez.yaml')
  writeFileSync(file, configText(options))
  return { file, keys: from.keys }
}

export interface GatezOptions {
  readonly port: number
  readonly upstreamPort: number
  readonly durability: 'disk' | 'process'
  /** `stores.counters`; memory if not given. */
  readonly counters?: string
}

export interface PreparedGatez {
  readonly file: string
  readonly keys: readonly string[]
}

/** Writes the Lua script for wrk: a key and a route at random for each request. */
export function writeLuaScript(path: string, keys: readonly string[]): void {
  const list = keys.map((key) => `"${key}"`).join(',')
  writeFileSync(
    path,
    `local keys = {${list}}
math.randomseed(42)
local requests = {}
init = function()
  for i = 1, 20000 do
    requests[i] = wrk.format("GET", "/v1/route-" .. math.random(0, ${ROUTES - 1}), {["x-api-key"] = keys[math.random(#keys)]})
  end
end
local n = 0
request = function()
  n = n % #requests + 1
  return requests[n]
end
`,
  )
}

function configText({ port, upstreamPort, durability, counters = 'memory' }: GatezOptions): string {
  const routes = Array.from(
    { length: ROUTES },
    (_, i) => `      - { id: route-${i}, match: GET /v1/route-${i} }`,
  )
  return `version: 1
gateway: { listen: "127.0.0.1:${port}", threads: auto }
metering: { durability: ${durability} }
stores: { counters: "${counters}" }
apis:
  - id: bench
    upstream: http://127.0.0.1:${upstreamPort}
    routes:
${routes.join('\n')}
plans:
  - id: bench
    name: Bench
    routes: all
    keys: { max: 10, approval: auto }
    limits:
      - { requests: 1000, per: second }
      - { requests: 1000, per: minute, scope: key }
      - { requests: 1000000, per: day }
`
}
