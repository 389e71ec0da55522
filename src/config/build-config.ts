import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, resolve } from 'node:path'
import { assert } from '../lib/assert.ts'
import { type Api, COUNTED_STATUSES, type UpstreamTls } from '../model/api.ts'
import type { Limit, Plan, Quota } from '../model/plan.ts'
import type { Config } from './config.ts'
import type { File } from './schema.ts'

/** Turns a checked file into the configuration: defaults named, paths absolute, all of it frozen. */
export function buildConfig(file: File, path: string): Config {
  const folder = dirname(path)
  const controlPath = resolve(folder, file.stores.control)
  return deepFreeze({
    file: path,
    docsUrl: file.docs_url ?? null,
    gateway: {
      listen: file.gateway.listen,
      threads: file.gateway.threads === 'auto' ? autoThreads(availableParallelism()) : file.gateway.threads,
      countersMib: file.gateway.counters_mib,
      ownPaths: { health: file.gateway.health, usage: file.gateway.usage },
      drainMs: file.gateway.drain,
    },
    control: { listen: file.control.listen },
    stores: {
      control: { driver: 'sqlite', path: controlPath },
      counters: { driver: file.stores.counters },
      usage: { driver: 'sqlite', path: resolve(folder, file.stores.usage) },
      dataDir: dirname(controlPath),
    },
    metering: {
      durability: file.metering.durability,
      retentionDays: file.metering.retention_days,
      clientIp: file.metering.client_ip,
    },
    billing: file.billing,
    apis: file.apis.map((api) => toApi(api, folder)),
    features: Object.entries(file.features).map(([id, label]) => ({ id, label })),
    meters: file.meters.map(({ id, aggregation, from, count_statuses }) => ({
      id,
      aggregation,
      from,
      countStatuses: count_statuses ?? COUNTED_STATUSES,
    })),
    plans: file.plans.map(toPlan),
  })
}

/** Gateway threads on a machine of so many processors: one is left to the rest of the process. */
export function autoThreads(processors: number): number {
  return Math.min(8, Math.max(1, processors - 1))
}

function toApi(api: File['apis'][number], folder: string): Api {
  return {
    id: api.id,
    hosts: api.hosts,
    upstream: api.upstream,
    openapi: api.openapi === undefined ? null : resolve(folder, api.openapi),
    secret: api.secret ?? null,
    tls: api.tls === undefined ? null : toTls(api.tls, folder),
    timeouts: {
      connectMs: api.timeouts.connect,
      headersMs: api.timeouts.headers,
      idleMs: api.timeouts.idle,
    },
    routes: api.routes.map(({ id, match, cost, requires, auth }) => ({ id, ...match, cost, requires, auth })),
  }
}

/** With what the files hold now: a reload finds new certificates, and threads need not read files. */
function toTls(tls: NonNullable<File['apis'][number]['tls']>, folder: string): UpstreamTls {
  const read = (path: string | undefined): string | null =>
    path === undefined ? null : readFileSync(resolve(folder, path), 'utf8')
  return { ca: read(tls.ca), cert: read(tls.cert), key: read(tls.key), serverName: tls.server_name ?? null }
}

function toPlan(plan: File['plans'][number]): Plan {
  return {
    id: plan.id,
    name: plan.name ?? plan.id,
    support: plan.support ?? null,
    routes: plan.routes,
    features: plan.features,
    keys: plan.keys,
    limits: plan.limits.map(toLimit),
    quotas: plan.quotas.map(toQuota),
    charges: plan.charges.map(({ id, meter, price }) => ({ id, meter: meter ?? null, price })),
  }
}

function toLimit(limit: File['plans'][number]['limits'][number]): Limit {
  const amount = limit.requests === undefined ? limit.units : limit.requests
  assert(amount !== undefined, 'a limit counts requests or units')
  return {
    id: limit.id ?? `${limit.scope}-${limit.per.text}`,
    counts: limit.requests === undefined ? 'units' : 'requests',
    amount,
    windowMs: limit.per.windowMs,
    per: limit.per.text,
    scope: limit.scope,
  }
}

function toQuota(quota: File['plans'][number]['quotas'][number]): Quota {
  return {
    id: quota.id ?? `${quota.meter}-${quota.per}`,
    meter: quota.meter,
    per: quota.per,
    included: String(quota.included),
    onExceed: quota.on_exceed,
  }
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const part of Object.values(value)) deepFreeze(part)
  return Object.freeze(value)
}
