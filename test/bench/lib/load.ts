import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { applyPlans } from '../../../src/access/apply-plans.ts'
import { createKey } from '../../../src/access/create-key.ts'
import { createTenant } from '../../../src/access/create-tenant.ts'
import { loadConfig } from '../../../src/config/load-config.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { openControlStore } from '../../../src/storage/open.ts'

/** The load: 1,000 tenants × 3 keys, 50 routes, three limits of which one above 1,000, two quotas. */
export const TENANTS = 1_000
export const KEYS_PER_TENANT = 3
export const ROUTES = 50
const SPENT_TENANTS = 50

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
  const [keys, spent]: [string[], string[]] = [[], []]
  for (let tenant = 0; tenant < SPENT_TENANTS; tenant += 1) {
    const tenantId = `spent-${tenant}`
    await createTenant(access, { id: tenantId, planId: 'spent', actor: 'bench' })
    spent.push((await createKey(access, { tenant: tenantId, mode: 'live', actor: 'bench' })).secret)
  }
  for (let tenant = 0; tenant < TENANTS; tenant += 1) {
    const tenantId = `tenant-${tenant}`
    await createTenant(access, { id: tenantId, planId: 'bench', actor: 'bench' })
    for (let key = 0; key < KEYS_PER_TENANT; key += 1) {
      keys.push((await createKey(access, { tenant: tenantId, mode: 'live', actor: 'bench' })).secret)
    }
  }
  return { file, keys, spent }
}

/** The same tenants and keys in another folder, served with other options. */
export function copyGatez(from: PreparedGatez, dir: string, options: GatezOptions): PreparedGatez {
  cpSync(dirname(from.file), dir, { recursive: true })
  const file = join(dir, 'gatez.yaml')
  writeFileSync(file, configText(options))
  return { file, keys: from.keys, spent: from.spent }
}

export interface GatezOptions {
  readonly port: number
  readonly upstreamPort: number
  readonly durability: 'disk' | 'process'
  /** `stores.counters`; memory if not given. */
  readonly counters?: string
  /** One if not given. */
  readonly threads?: number
}

export interface PreparedGatez {
  readonly file: string
  readonly keys: readonly string[]
  /** Keys of tenants whose limit lets one call a day through. */
  readonly spent: readonly string[]
}

/** Writes the Lua script for wrk: a key and a route at random for each request, and a body of so many bytes. */
export function writeLuaScript(path: string, keys: readonly string[], bodyBytes = 0): void {
  const body = bodyBytes === 0 ? 'nil' : `string.rep("x", ${bodyBytes})`
  const method = bodyBytes === 0 ? 'GET' : 'POST'
  // So many that no key meets its limit, and no more than fit into memory.
  const requests = bodyBytes === 0 ? 20_000 : Math.max(200, (32 * 1024 ** 2) / bodyBytes)
  const list = keys.map((key) => `"${key}"`).join(',')
  // Of few requests some would have a key six times: it would meet its limit where the gateway is fast.
  const key = bodyBytes === 0 ? 'keys[math.random(#keys)]' : 'keys[i % #keys + 1]'
  writeFileSync(
    path,
    `local keys = {${list}}
math.randomseed(42)
local requests = {}
local body = ${body}
init = function()
  for i = 1, ${requests} do
    requests[i] = wrk.format("${method}", "/v1/route-" .. math.random(0, ${ROUTES - 1}), {["x-api-key"] = ${key}}, body)
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

function configText({
  port,
  upstreamPort,
  durability,
  counters = 'memory',
  threads = 1,
}: GatezOptions): string {
  const routes = Array.from(
    { length: ROUTES },
    (_, i) => `      - { id: route-${i}, match: ANY /v1/route-${i} }`,
  )
  return `version: 1
gateway: { listen: "127.0.0.1:${port}", threads: ${threads}, failed_keys_per_minute: null }
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
    quotas:
      - { meter: calls, per: day, included: 10000000 }
      - { meter: units, per: month, included: 100000000, on_exceed: bill }
  - id: spent
    routes: all
    limits:
      - { requests: 1, per: day }
`
}
