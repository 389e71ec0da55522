import { availableParallelism } from 'node:os'
import { dirname, resolve } from 'node:path'
import { assert } from '../lib/assert.ts'
import { COUNTED_STATUSES } from '../model/api.ts'
import type { Dimension } from '../model/dimension.ts'
import type { Meter } from '../model/meter.ts'
import type { Limit, Plan, Quota } from '../model/plan.ts'
import { readText, toApi } from './build-api.ts'
import { toControl, toPortal } from './build-control.ts'
import type { ClientRules, Config, ListenerTls } from './config.ts'
import { placeControlStore } from './control-store-config.ts'
import { placeCounters } from './counters-config.ts'
import { toInvoiceConfig, toMailConfig } from './invoice-config.ts'
import type { File } from './schema.ts'
import { toTelemetry } from './telemetry-config.ts'
import { placeUsageStore } from './usage-store-config.ts'

/** Turns a checked file into the configuration: defaults named, paths absolute, all of it frozen. */
export function buildConfig(file: File, path: string): Config {
  const folder = dirname(path)
  const { control, dataDir } = placeControlStore(file.stores.control, file.stores.data, folder)
  return deepFreeze({
    file: path,
    docsUrl: file.docs_url ?? null,
    gateway: {
      listen: file.gateway.listen,
      threads: file.gateway.threads === 'auto' ? autoThreads(availableParallelism()) : file.gateway.threads,
      countersMib: file.gateway.counters_mib,
      fastLane: file.gateway.fast_lane,
      nodes: file.gateway.nodes,
      ownPaths: {
        health: file.gateway.health,
        usage: file.gateway.usage,
        events: file.gateway.events,
      },
      eventsPerMinute: file.gateway.events_per_minute,
      drainMs: file.gateway.drain,
      tls: toTls(file.gateway, folder),
      clients: toClientRules(file.gateway),
    },
    control: toControl(file, folder),
    portal: toPortal(file, folder),
    stores: {
      control,
      counters: placeCounters(file.stores.counters, (path) => resolve(folder, path)),
      usage: placeUsageStore(file.stores.usage, folder, file.metering.retention_days),
      dataDir,
    },
    metering: {
      durability: file.metering.durability,
      retentionDays: file.metering.retention_days,
      spoolBytesMax: file.metering.spool_max,
      clientIp: file.metering.client_ip,
    },
    billing: {
      currency: file.billing.currency,
      timezone: file.billing.timezone,
      period: file.billing.period,
      anchor: file.billing.anchor,
      proration: file.billing.proration,
    },
    invoicing: toInvoiceConfig(file.billing, folder),
    mail: toMailConfig(file, { folder, dataDir }),
    telemetry: toTelemetry(file.telemetry, folder),
    apis: file.apis.map((api) => toApi(api, folder)),
    features: Object.entries(file.features).map(([id, label]) => ({ id, label })),
    meters: file.meters.map(toMeter),
    dimensions: file.dimensions.map(toDimension),
    plans: file.plans.map(toPlan),
  })
}

/** Gateway threads on a machine of so many processors: one is left to the rest of the process. */
export function autoThreads(processors: number): number {
  return Math.min(8, Math.max(1, processors - 1))
}

function toTls({ tls }: File['gateway'], folder: string): ListenerTls | null {
  if (tls === undefined) return null
  return { cert: readText(tls.cert, folder), key: readText(tls.key, folder) }
}

function toClientRules(gateway: File['gateway']): ClientRules {
  return {
    trustedProxies: gateway.trusted_proxies,
    forwardedBy: gateway.forwarded_by,
    connectionsPerIp: gateway.connections_per_ip,
    failedKeysPerMinute: gateway.failed_keys_per_minute,
    maxLagMs: gateway.max_lag,
    headMs: gateway.timeouts.head,
    bodyMs: gateway.timeouts.body,
    readMs: gateway.timeouts.read,
    keepAliveMs: gateway.timeouts.keep_alive,
  }
}

function toMeter(meter: File['meters'][number]): Meter {
  const { id, aggregation, from, routes, count_statuses: countStatuses = COUNTED_STATUSES } = meter
  const field = from === 'openai-usage' ? (meter.field ?? 'total_tokens') : ''
  const rule = {
    metrics: meter.metrics ?? [id],
    property: meter.property ?? null,
    negative: meter.negative ?? false,
  }
  return { id, aggregation, from, field, routes, countStatuses, event: from === 'event' ? rule : undefined }
}

function toDimension({ id, from, name, max_values }: File['dimensions'][number]): Dimension {
  return { id, from, name: from === 'event' ? name : name.toLowerCase(), maxValues: max_values }
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
    charges: plan.charges.map(({ id, meter, price, per }) => {
      return { id, meter: meter ?? null, price, ...(per !== undefined && { per }) }
    }),
    // Only where it says something: what a plan does not say must not make a new version of it.
    ...(plan.on_store_failure !== 'local' && { onStoreFailure: plan.on_store_failure }),
  }
}

function toLimit(limit: File['plans'][number]['limits'][number]): Limit {
  const { scope } = limit
  if (limit.concurrent !== undefined) {
    const id = limit.id ?? `${scope}-concurrent`
    return { id, counts: 'concurrent', amount: limit.concurrent, windowMs: 0, per: 'moment', scope }
  }
  const { per, requests, units } = limit
  const amount = requests === undefined ? units : requests
  assert(amount !== undefined && per !== undefined, 'a limit counts requests or units in a span of time')
  return {
    id: limit.id ?? `${scope}-${per.text}`,
    counts: requests === undefined ? 'units' : 'requests',
    amount,
    windowMs: per.windowMs,
    per: per.text,
    scope,
  }
}

function toQuota(quota: File['plans'][number]['quotas'][number]): Quota {
  return {
    id: quota.id ?? `${quota.meter}-${quota.per}`,
    meter: quota.meter,
    per: quota.per,
    included: String(quota.included),
    onExceed: typeof quota.on_exceed === 'string' ? quota.on_exceed : 'upgrade',
    ...(typeof quota.on_exceed === 'object' && { upgradeTo: quota.on_exceed.upgrade }),
  }
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const part of Object.values(value)) deepFreeze(part)
  return Object.freeze(value)
}
