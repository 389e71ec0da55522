import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { billableRule } from '../../src/billing/invoice/billable-rule.ts'
import { viewInvoice } from '../../src/billing/invoice/invoice-view.ts'
import { type InvoicingParts, runInvoices } from '../../src/billing/invoice/run-invoices.ts'
import { invoiceCsv } from '../../src/billing/render/invoice-csv.ts'
import { ManualClock } from '../../src/lib/clock.ts'
import type { Plan } from '../../src/model/plan.ts'
import { openSqlControlStore } from '../../src/storage/sql/control-store.ts'
import { sqliteEngine } from '../../src/storage/sql/sqlite-engine.ts'
import { openSqliteFile } from '../../src/storage/sql/sqlite-file.ts'
import { plan, subscription, tenant } from './control-store.ts'
import { PLAIN_INVOICING } from './invoice-scene.ts'
import { rollup } from './rollups.ts'

const START_MS = Date.UTC(2026, 0, 1)

/**
 * Bills a year of so many tenants, month by month under a moved clock, in a store of its own in `folder`.
 *
 * Each has usage of two keys in every month. Returns how long the invoices took, without the making of the usage, and
 * a digest of everything that they say.
 */
export async function billYear(folder: string, tenants: number): Promise<BilledYear> {
  const clock = new ManualClock(START_MS)
  await using store = await openSqlControlStore(sqliteEngine(openSqliteFile(join(folder, 'year.db'))), clock)
  const ids = Array.from({ length: tenants }, (_, index) => `tenant-${String(index).padStart(5, '0')}`)
  await store.transaction(async (tables) => {
    await tables.plans.insertVersion(PRO, 'pro', 0, START_MS)
    for (const [index, id] of ids.entries()) {
      await tables.tenants.insert(tenant({ id, name: `Tenant ${index}`, createdAtMs: START_MS }))
      await tables.subscriptions.insert(
        subscription({ id: `sub_${id}`, tenantId: id, planId: 'pro', startMs: START_MS }),
      )
    }
  })
  const parts: InvoicingParts = {
    store,
    clock,
    billing: { currency: 'USD', timezone: 'Europe/Berlin', period: 'month' },
    invoicing: {
      ...PLAIN_INVOICING,
      tax: { mode: 'exclusive', rates: [{ id: 'vat', name: 'VAT', rate: '19', charges: null }] },
    },
    billable: billableRule([]),
  }
  let ms = 0
  for (let month = 0; month < 12; month += 1) {
    await fillMonth(store, ids, month)
    const period = { startMs: berlin(month), endMs: berlin(month + 1) }
    clock.set(period.endMs + 600_000)
    const beganMs = performance.now()
    await runInvoices(parts, { period, review: false, actor: 'gatez' })
    ms += performance.now() - beganMs
  }
  const hash = createHash('sha256')
  let invoices = 0
  for (const invoice of await store.invoices.list({})) {
    hash.update(JSON.stringify(viewInvoice(invoice, await store.invoices.entries(invoice.id))))
    hash.update(invoiceCsv([invoice]))
    invoices += 1
  }
  return { ms, invoices, digest: hash.digest('hex') }
}

export interface BilledYear {
  readonly ms: number
  readonly invoices: number
  readonly digest: string
}

/** The first moment of a month in Berlin; the year begins with its January. */
function berlin(month: number): number {
  const summer = month > 2 && month < 10 ? 2 : 1
  return Date.UTC(2026, month, 1) - summer * 3_600_000
}

async function fillMonth(
  store: Awaited<ReturnType<typeof openSqlControlStore>>,
  ids: readonly string[],
  month: number,
): Promise<void> {
  const entries = ids.flatMap((tenantId, index) =>
    [1, 2].map((key) =>
      rollup({
        bucketMs: Date.UTC(2026, month, 3 + (index % 20), key),
        tenantId,
        subscriptionId: `sub_${tenantId}`,
        keyId: `key_${index}_${key}`,
        requests: (index * 7919 + month * 104_729 + key * 31) % 40_000,
      }),
    ),
  )
  await store.transaction((tables) =>
    tables.ledger.apply(entries, { nodeId: 'node', epoch: month + 1, afterSeq: 0, throughSeq: 1 }),
  )
}

const PRO: Plan = plan({
  id: 'pro',
  name: 'Pro',
  charges: [
    { id: 'fee', meter: null, price: { model: 'flat', amount: '49.00' } },
    {
      id: 'calls',
      meter: 'calls',
      price: {
        model: 'graduated',
        tiers: [
          { up_to: '10000', unit: '0.01' },
          { up_to: '30000', unit: '0.005' },
          { up_to: null, unit: '0.0035' },
        ],
      },
    },
  ],
})
