// What it costs to watch quotas: notes in the ledger's transactions, and a look at them.
// node test/bench/quota-watch.ts [tenants] [rounds]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { applyPlans } from '../../src/access/apply-plans.ts'
import { createTenant } from '../../src/access/create-tenant.ts'
import { systemClock } from '../../src/lib/clock.ts'
import type { Plan } from '../../src/model/plan.ts'
import { QuotaWatch } from '../../src/shipping/quota-watch.ts'
import { openControlStore } from '../../src/storage/open.ts'
import { BUCKET_MS } from '../../src/storage/ports/ledger.ts'
import { storesIn } from '../support/control-store.ts'
import { rollup } from '../support/rollups.ts'

const TENANTS = Number(process.argv[2] ?? 1_000)
const ROUNDS = Number(process.argv[3] ?? 10)
const NODE = { nodeId: 'node_a', epoch: 1 }
const PLAN: Plan = {
  ...{ id: 'pro', name: 'Pro', support: null, routes: 'all', features: [], limits: [], charges: [] },
  keys: { max: null, approval: 'auto' },
  quotas: [{ id: 'calls-month', meter: 'calls', per: 'month', included: '1000000', onExceed: 'bill' }],
}

const folder = mkdtempSync(join(tmpdir(), 'gatez-bench-'))
const clock = systemClock
const store = await openControlStore(storesIn(folder), clock)
await applyPlans({ store, clock }, { plans: [PLAN], actor: 'bench', mode: 'explicit' })
for (let at = 0; at < TENANTS; at += 1) {
  await createTenant({ store, clock }, { actor: 'bench', id: `t${at}`, planId: 'pro' })
}
const billing = { period: 'month', timezone: 'UTC' } as const
const watch = new QuotaWatch({ store, clock, metering: { meters: [], dimensions: [], billing } })
const nowMs = clock.nowMs()
const bucketMs = nowMs - (nowMs % BUCKET_MS)
for (let round = 0; round < ROUNDS; round += 1) {
  const entries = Array.from({ length: TENANTS }, (_, at) =>
    rollup({ bucketMs, tenantId: `t${at}`, requests: 10 }),
  )
  const begunMs = clock.monotonicMs()
  const advance = { ...NODE, afterSeq: round, throughSeq: round + 1 }
  await store.transaction((tables) => tables.ledger.apply(entries, advance))
  const appliedMs = clock.monotonicMs()
  await watch.look()
  const lookedMs = clock.monotonicMs()
  const micros = (ms: number) => `${Math.round((ms * 1000) / TENANTS)} µs a tenant`
  console.log(`round ${round}: apply ${micros(appliedMs - begunMs)}, look ${micros(lookedMs - appliedMs)}`)
}
await store[Symbol.asyncDispose]()
rmSync(folder, { recursive: true })
