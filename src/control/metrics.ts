import { Exposition } from '../telemetry/exposition.ts'
import { writeTraffic } from '../telemetry/traffic-metrics.ts'
import type { ControlParts } from './control-parts.ts'

/** Tenants that are named at most, those with most calls: each is a series in every store of metrics. */
const TENANTS_MAX = 1_000

/**
 * What Prometheus reads at `/metrics`, with what `writeMore` adds. Throws what keeps the stores from being read.
 */
export async function metricsText(parts: MetricsParts, writeMore?: WriteMore): Promise<string> {
  const to = new Exposition()
  writeTraffic(to, parts.traffic())
  await writeSpool(to, parts)
  await writeMore?.(to)
  writeProcess(to, parts)
  return to.text
}

/** What metrics are made of. */
export type MetricsParts = Pick<ControlParts, 'traffic' | 'spoolDepth' | 'clock' | 'config' | 'version'>

/** Adds families of its own. */
export type WriteMore = (to: Exposition) => Promise<void>

/** What each tenant used in this month: for those with most calls, at most 1,000. */
export async function writeTenants(
  to: Exposition,
  { casesOn, store }: Pick<ControlParts, 'casesOn' | 'store'>,
): Promise<void> {
  const { rows } = await casesOn(store, 'metrics').usageReport({ by: 'tenant' })
  const named = rows
    .map(({ cells, totals }) => ({ tenant: cells[0] ?? '', totals }))
    .filter(({ tenant }) => tenant !== '')
    .sort((one, other) => other.totals.requests - one.totals.requests)
    .slice(0, TENANTS_MAX)
  const samples = (value: 'requests' | 'billable' | 'refused') =>
    named.map(({ tenant, totals }) => ({ labels: { tenant }, value: totals[value] }))
  to.gauge('gatez_tenant_requests', 'Calls of this month, by tenant.', samples('requests'))
  to.gauge('gatez_tenant_billable', 'Of them, billed.', samples('billable'))
  to.gauge('gatez_tenant_refused', 'Of them, refused.', samples('refused'))
}

async function writeSpool(to: Exposition, { spoolDepth, clock, config }: MetricsParts): Promise<void> {
  const { events, oldestMs, bytes } = await spoolDepth()
  const lagMs = oldestMs === null ? 0 : Math.max(0, clock.nowMs() - oldestMs)
  to.gauge('gatez_unshipped_events', 'Events that the ledger does not have yet.', events)
  to.gauge('gatez_ship_lag_seconds', 'Age of the oldest event that the ledger does not have.', lagMs / 1_000)
  to.gauge('gatez_spool_bytes', 'What the spool takes on the disk.', bytes)
  const { spoolBytesMax } = config().metering
  to.gauge('gatez_spool_max_bytes', 'What it may take; beyond it calls are refused.', spoolBytesMax)
}

function writeProcess(to: Exposition, { version, clock, config }: MetricsParts): void {
  const { user, system } = process.cpuUsage()
  const startS = Math.round(clock.nowMs() / 1_000 - process.uptime())
  to.gauge('gatez_gateway_threads', 'Threads that take calls.', config().gateway.threads)
  const labels = { version, node: process.versions.node }
  to.gauge('gatez_build_info', 'What runs here.', [{ labels, value: 1 }])
  to.counter('process_cpu_seconds_total', 'Processor time, of all threads.', (user + system) / 1e6)
  const memory = memoryBytes()
  if (memory !== undefined) to.gauge('process_resident_memory_bytes', 'Memory of the process.', memory)
  to.gauge('process_start_time_seconds', 'When the process began, since 1970.', startS)
}

/** undefined where the system does not say, as in a root without /proc. */
function memoryBytes(): number | undefined {
  try {
    return process.memoryUsage.rss()
  } catch {
    return undefined
  }
}
