import { expect, test } from 'vitest'
import { ManualClock } from '../../src/lib/clock.ts'
import type { LeakKind } from '../../src/model/leak-kind.ts'
import { findLeaks, type LeakFilter } from '../../src/reconcile/find-leaks.ts'
import { withSettledStores } from '../../src/reconcile/reconcile-stores.ts'
import { usageLeaks } from '../../src/reconcile/usage-leaks.ts'
import { openControlStore, openUsageLog } from '../../src/storage/open.ts'
import { UNATTRIBUTED_REASONS } from '../../src/storage/ports/unattributed.ts'
import { key, storesIn, tenant } from '../support/control-store.ts'
import { COUNTED_FROM, fillStores } from '../support/counted-stores.ts'
import { tempDir } from '../support/temp-dir.ts'

const SPAN = { startMs: COUNTED_FROM, endMs: COUNTED_FROM + 86_400_000 }

async function scene() {
  const folder = tempDir()
  await fillStores({ folder, events: 700, spooled: 0 })
  const config = storesIn(folder)
  await using store = await openControlStore(config, new ManualClock(COUNTED_FROM))
  await store.tenants.insert(tenant({ id: 'tenant-1' }))
  await store.keys.insert(key({ id: 'key_1_1', tenantId: 'tenant-1', mode: 'test' }))
  for (const [index, reason] of UNATTRIBUTED_REASONS.entries()) {
    const name = { tenant: 'tenant-1', source: '', id: `lost-${index}` }
    const what = { hash: 'h', body: `{"metric":"m","idempotency_key":"lost-${index}"}`, times: 1 }
    await store.unattributed.put([
      { ...name, ...what, reason, firstAtMs: COUNTED_FROM + index, lastAtMs: COUNTED_FROM + index },
    ])
  }
  const log = async () => {
    await using usageLog = await openUsageLog(config)
    return (await usageLog.appendedAfter(0, 10_000)).map(({ event }) => event)
  }
  const leaks = (filter: Partial<LeakFilter> = {}) =>
    withSettledStores(config, ({ control }, positions) =>
      usageLeaks({ control, positions }, { span: SPAN, ...filter }),
    )
  const ids = (kind: LeakKind, reason: string) =>
    withSettledStores(config, async ({ control }, positions) => {
      const found = await Array.fromAsync(findLeaks({ control, positions }, { span: SPAN, kind }))
      return found
        .filter((leak) => leak.reason === reason)
        .map(({ id }) => id)
        .sort()
    })
  return { folder, config, log, leaks, ids }
}

test('lists each kind of leak with the ids of the events behind it, and no other', async () => {
  const { log, leaks, ids } = await scene()
  const events = (await log()).filter(({ tenantId }) => tenantId !== '')
  const idsWhere = (wanted: (event: (typeof events)[number]) => boolean) =>
    events
      .filter(wanted)
      .map(({ id }) => id)
      .sort()
  expect(await ids('missing-quantity', 'missing')).toEqual(idsWhere(({ leaks: of }) => of !== undefined))
  expect(await ids('delivery-unknown', 'client-left')).toEqual(
    idsWhere(({ outcome, billable }) => outcome === 'client_aborted' && billable),
  )
  // The plans of these events are in no store.
  expect(await ids('unpriced', 'no-plan-version')).toEqual(idsWhere(({ billable }) => billable))
  const unbilled = (wanted: (event: (typeof events)[number]) => boolean) =>
    idsWhere((event) => !event.billable && event.statusCode === 200 && wanted(event))
  expect(await ids('not-billed', 'broken-off')).toEqual(unbilled(({ outcome }) => outcome !== 'ok'))
  expect(await ids('not-billed', 'test-key')).toEqual(
    unbilled(({ outcome, keyId }) => outcome === 'ok' && keyId === 'key_1_1'),
  )
  expect(await ids('not-billed', 'status-not-counted')).toEqual(
    unbilled(({ outcome, keyId }) => outcome === 'ok' && keyId !== 'key_1_1'),
  )
  expect(await ids('delivery-unknown', 'broke-off')).toEqual(
    idsWhere(({ requestId }) => requestId === 'the-broken-one'),
  )
  const { rows, total } = await leaks({ kind: 'unattributed' })
  expect(rows.map(({ reason, calls, ids: named }) => [reason, calls, named])).toEqual([
    ['unknown-tenant', 1, ['lost-0']],
    ['no-meter', 1, ['lost-1']],
    ['idempotency-conflict', 1, ['lost-2']],
  ])
  expect(total).toBe(3)
  const all = await leaks()
  expect(new Set(all.rows.map(({ kind }) => kind))).toEqual(
    new Set(['unattributed', 'missing-quantity', 'unpriced', 'not-billed', 'delivery-unknown']),
  )
  expect(all.rows.reduce((sum, { calls }) => sum + calls, 0)).toBe(all.total)
})

test('of one tenant, of another span: only that', async () => {
  const { log, leaks } = await scene()
  const wanted = (await log()).filter(
    ({ tenantId, leaks: of }) => tenantId === 'tenant-2' && of !== undefined,
  )
  const { rows } = await leaks({ tenantId: 'tenant-2', kind: 'missing-quantity' })
  expect(rows.reduce((sum, { calls }) => sum + calls, 0)).toBe(wanted.length)
  expect(new Set(rows.map(({ tenant_id }) => tenant_id))).toEqual(new Set(['tenant-2']))
  expect((await leaks({ span: { startMs: 0, endMs: COUNTED_FROM } })).rows).toEqual([])
})

test('of events that are forgotten the missing quantities are still known, without ids', async () => {
  const { config, leaks, log } = await scene()
  const before = (await leaks({ kind: 'missing-quantity' })).total
  await using usageLog = await openUsageLog(config)
  const last = (await log()).at(-1)!.timestampMs
  await usageLog.forgetBefore(last - (last % 900_000) + 900_000, 10_000)
  const found = await leaks({ kind: 'missing-quantity' })
  expect(found.total).toBe(before)
  expect(found.rows.flatMap(({ ids }) => ids)).toEqual([])
  expect(found.forgotten_before).not.toBeNull()
})
