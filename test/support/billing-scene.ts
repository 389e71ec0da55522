import { ManualClock } from '../../src/lib/clock.ts'
import type { Charge } from '../../src/model/plan.ts'
import type { Subscription, Tenant } from '../../src/model/tenant.ts'
import type { ControlStore } from '../../src/storage/ports/control-store.ts'
import type { Rollup } from '../../src/storage/ports/ledger.ts'
import { openSqlControlStore } from '../../src/storage/sql/control-store.ts'
import { sqliteEngine } from '../../src/storage/sql/sqlite-engine.ts'
import { openSqliteFile } from '../../src/storage/sql/sqlite-file.ts'
import { plan, subscription, tenant } from './control-store.ts'
import { rollup } from './rollups.ts'

/** $49.00 a month. */
export const FEE: Charge = { id: 'fee', meter: null, price: { model: 'flat', amount: '49.00' } }

/** 100 calls free, then a cent each. */
export const CALLS: Charge = {
  id: 'calls',
  meter: 'calls',
  price: {
    model: 'graduated',
    tiers: [
      { up_to: '100', unit: '0' },
      { up_to: null, unit: '0.01' },
    ],
  },
}

/** What a store holds that bills are made of. */
export interface BillingScene {
  /** Of plan pro; FEE and CALLS if not given. */
  readonly charges?: readonly Charge[]
  readonly rollups?: readonly Partial<Rollup>[]
  /** Acme on plan pro since January, if not given. */
  readonly subscriptions?: readonly Partial<Subscription>[]
  /** Acme, if not given. */
  readonly tenants?: readonly Partial<Tenant>[]
}

/** A store with all that, in memory; plan big costs $310. Dispose it when done. */
export async function billingStore(scene: BillingScene): Promise<ControlStore> {
  const store = await openSqlControlStore(sqliteEngine(openSqliteFile(':memory:')), new ManualClock(0))
  for (const each of scene.tenants ?? [{}]) await store.tenants.insert(tenant(each))
  const fee310 = { ...FEE, price: { model: 'flat', amount: '310' } }
  await store.plans.insertVersion(plan({ id: 'pro', charges: scene.charges ?? [FEE, CALLS] }), 'pro', 0, 0)
  await store.plans.insertVersion(plan({ id: 'big', charges: [fee310] }), 'big', 1, 0)
  for (const each of scene.subscriptions ?? [{}]) {
    await store.subscriptions.insert(subscription({ planId: 'pro', startMs: Date.UTC(2026, 0, 1), ...each }))
  }
  const rollups = (scene.rollups ?? []).map((parts) => rollup({ ...parts }))
  await store.ledger.apply(rollups, { nodeId: 'node-1', epoch: 1, afterSeq: 0, throughSeq: 1 })
  return store
}
