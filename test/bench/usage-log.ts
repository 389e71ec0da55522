// Measures how fast events are appended to the usage log on SQLite: node test/bench/usage-log.ts [events]
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../src/lib/clock.ts'
import { UlidMaker } from '../../src/lib/id.ts'
import { openSqliteUsageLog } from '../../src/storage/sql/usage-log.ts'
import { usageEvent } from '../support/usage-events.ts'

const BATCH = 1_000
const TENANTS = 1_000
const events = Number(process.argv[2] ?? 500_000)
const folder = mkdtempSync(join(tmpdir(), 'gatez-bench-'))
const path = join(folder, 'usage.db')

const ids = new UlidMaker(systemClock, { epoch: 1, thread: 0 })
const startMs = Date.UTC(2026, 2, 1)
let seq = 0
let spentMs = 0
let worstMs = 0
let cpuMicros = 0
{
  await using log = openSqliteUsageLog(path)
  while (seq < events) {
    const batch = Array.from({ length: BATCH }, () => {
      seq += 1
      const tenant = (seq * 7_919) % TENANTS
      const tenantId = `tenant-${tenant}`
      const keyId = `key_2f6k0123456789abcdef${tenant}${seq % 3}`
      const routeId = `route-${seq % 50}`
      const timestampMs = startMs + Math.floor(seq / 50)
      const id = ids.next()
      return usageEvent({ id, seq, tenantId, keyId, routeId, timestampMs, requestId: id })
    })
    const cpu = process.cpuUsage()
    const beganMs = systemClock.monotonicMs()
    await log.append(batch)
    const tookMs = systemClock.monotonicMs() - beganMs
    const { user, system } = process.cpuUsage(cpu)
    cpuMicros += user + system
    spentMs += tookMs
    worstMs = Math.max(worstMs, tookMs)
  }
}

const perSecond = Math.round((seq / spentMs) * 1_000)
console.log(`${seq} events of ${TENANTS} tenants, batches of ${BATCH}, one fsync each`)
console.log(`${perSecond} events/s, ${(cpuMicros / seq).toFixed(1)} µs CPU per event`)
console.log(
  `slowest batch ${worstMs.toFixed(0)} ms, ${Math.round(statSync(path).size / seq)} bytes per event`,
)
rmSync(folder, { recursive: true })
