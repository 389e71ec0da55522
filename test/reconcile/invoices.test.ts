import { join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { runInvoices } from '../../src/billing/invoice/run-invoices.ts'
import { FIGURE_COLUMNS, figureTable } from '../../src/cli/reconcile-text.ts'
import { ManualClock } from '../../src/lib/clock.ts'
import { checkInvoices } from '../../src/reconcile/check-invoices.ts'
import { openControlStore } from '../../src/storage/open.ts'
import { storesIn } from '../support/control-store.ts'
import { COUNTED_BILLING, invoiceCounted } from '../support/counted-invoices.ts'
import { fillStores, reportMore } from '../support/counted-stores.ts'
import {
  APRIL_2026,
  type InvoiceScene,
  invoiceScene,
  MARCH_2026,
  PLAIN_INVOICING,
} from '../support/invoice-scene.ts'
import { reconcileIn } from '../support/mutations.ts'
import { rollup } from '../support/rollups.ts'
import { tempDir } from '../support/temp-dir.ts'

/** Stores with invoices of March; one is paid, one in part, one has a credit note. */
async function invoiced(): Promise<string> {
  const folder = tempDir()
  await fillStores({ folder, events: 400, reported: 40 })
  await invoiceCounted(folder)
  return folder
}

function run(folder: string, ...statements: readonly string[]): void {
  const database = new Database(join(folder, '.gatez/gatez.db'))
  for (const sql of statements) database.exec(sql)
  database.close()
}

describe('reconcile', () => {
  test('shows beside every meter that has a price what was invoiced of it', async () => {
    const found = await reconcileIn(await invoiced())
    expect(found).toMatchObject({ equal: true, differences: [], invoices: 5, invoices_waiting: 0 })
    const column = FIGURE_COLUMNS.findIndex(({ title }) => title === 'INVOICE')
    const cells = figureTable(found)
      .filter(([tenant]) => tenant === 'tenant-0')
      .map((row) => [row[1], row[column]])
    expect(Object.fromEntries(cells)).toMatchObject({ calls: '✓', tokens: '✓', units: '–', requests: '–' })
    const calls = found.rows.find((row) => row.tenant_id === 'tenant-0' && row.meter === 'calls')
    expect(calls?.invoiced).toBe(calls?.rollups)
  })

  test('names an invoice with another quantity than the ledger, and shows which', async () => {
    const folder = await invoiced()
    const before = await reconcileIn(folder)
    const calls = before.rows.find((row) => row.tenant_id === 'tenant-1' && row.meter === 'calls')
    run(
      folder,
      `UPDATE invoices SET content = replace(content, '"quantity":"${calls?.rollups}"', '"quantity":"7"')
       WHERE tenant_id = 'tenant-1'`,
    )
    const found = await reconcileIn(folder)
    expect(found.rows.find((row) => row.tenant_id === 'tenant-1' && row.meter === 'calls')).toMatchObject({
      ...{ invoiced: '7', chargeable: calls?.rollups, equal: false },
    })
    expect(found.differences.map(({ store, what }) => `${store} ${what}`)).toContainEqual(
      expect.stringMatching(/^invoice INV-2026-0002: charge calls: billed 7 for .*, the ledger has \d+ for/),
    )
  })

  test('takes usage that came after an invoice for what it is: the next one has it', async () => {
    const folder = await invoiced()
    await reportMore(folder, 20)
    const late = await reconcileIn(folder)
    expect(late).toMatchObject({ equal: true, differences: [] })
    expect(late.invoices_waiting).toBeGreaterThan(0)
    const tokens = late.rows.find((row) => row.tenant_id === 'tenant-0' && row.meter === 'tokens')
    expect(tokens?.chargeable).toBe(tokens?.rollups)
    expect(tokens?.invoiced).not.toBe(tokens?.rollups)

    const clock = new ManualClock(APRIL_2026.endMs + 600_000)
    await using store = await openControlStore(storesIn(folder), clock)
    const parts = { store, clock, billing: COUNTED_BILLING, invoicing: PLAIN_INVOICING, billable: () => '' }
    await runInvoices(parts, { period: APRIL_2026, review: false, actor: 'cli:test' })
    const settled = await reconcileIn(folder)
    expect(settled).toMatchObject({ equal: true, invoices_waiting: 0 })
    const after = settled.rows.find((row) => row.tenant_id === 'tenant-0' && row.meter === 'tokens')
    expect(after?.invoiced).toBe(tokens?.rollups)
  })
})

describe('once late usage was billed, nothing is said to wait', () => {
  const march = { bucketMs: MARCH_2026.startMs + 86_400_000 }
  const bolt = { ...march, tenantId: 'bolt', subscriptionId: 'sub_2', keyId: 'key_2' }

  /** Acme and bolt, billed for March; one late call of acme, billed in April. */
  async function lateBilled(): Promise<InvoiceScene> {
    const scene = await invoiceScene({
      tenants: [{}, { id: 'bolt' }],
      subscriptions: [{ id: 'sub_1' }, { id: 'sub_2', tenantId: 'bolt' }],
      rollups: [
        { ...march, requests: 300 },
        { ...bolt, requests: 300 },
      ],
    })
    await scene.run()
    await scene.use({ ...march, requests: 1 })
    const late = await checkInvoices(scene.store, { span: MARCH_2026, billing: scene.billing })
    expect(late).toMatchObject({ waiting: 1, differences: [] })
    scene.clock.set(APRIL_2026.endMs + 600_000)
    await scene.run(APRIL_2026)
    return scene
  }

  test('so an invoice with less than the ledger has is a difference, whoever the late usage was of', async () => {
    const scene = await lateBilled()
    const right = await checkInvoices(scene.store, { span: MARCH_2026, billing: scene.billing })
    expect(right).toMatchObject({ waiting: 0, differences: [] })
    const mark = { nodeId: 'node-8', epoch: 1, afterSeq: 0, throughSeq: 1 }
    await scene.store.ledger.apply([rollup({ ...bolt, requests: 50 })], mark)
    const found = await checkInvoices(scene.store, { span: MARCH_2026, billing: scene.billing })
    expect(found.waiting).toBe(0)
    expect(found.differences.map(({ what }) => what)).toEqual([
      'INV-2026-0002: charge calls: billed 300 for 2.00, the ledger has 350 for 2.50.',
    ])
  })

  test('and what comes after that waits again', async () => {
    const scene = await lateBilled()
    await scene.use({ ...bolt, requests: 50 })
    const found = await checkInvoices(scene.store, { span: MARCH_2026, billing: scene.billing })
    expect(found).toMatchObject({ waiting: 1, differences: [] })
  })
})

describe('a hand in the books is named', () => {
  test.each([
    {
      what: 'a name that was changed',
      sql: `UPDATE invoices SET content = replace(content, '"tenantName":"tenant-3"', '"tenantName":"x"')`,
      says: ['INV-2026-0004: it does not say what it said when it was issued.'],
    },
    {
      what: 'an invoice that is gone',
      sql: "DELETE FROM invoices WHERE number = 'INV-2026-0005'",
      says: ['INV-2026-0005: issued, and not there any more.'],
    },
    {
      what: 'an invoice that nobody issued',
      sql: `INSERT INTO invoices SELECT 'inv_x', 'INV-2026-0099', state, tenant_id, period_start_ms, period_end_ms, 2, currency,
        created_at_ms, issued_at_ms, due_at_ms, total, credited, paid, content FROM invoices WHERE number = 'INV-2026-0004'`,
      says: [
        'INV-2026-0099: it is there, and was never issued.',
        'INV-2026-0099: the period is billed already by INV-2026-0004.',
      ],
    },
    {
      what: 'a payment that never came',
      sql: "UPDATE invoices SET paid = total, state = 'paid' WHERE number = 'INV-2026-0004'",
      says: [expect.stringMatching(/^INV-2026-0004: paid \d+\.\d\d, its entries come to 0\.00\.$/)],
    },
    {
      what: 'a state that nothing led to',
      sql: "UPDATE invoices SET state = 'uncollectible' WHERE number = 'INV-2026-0005'",
      says: ['INV-2026-0005: it is uncollectible, its entries make it open.'],
    },
  ])('$what', async ({ sql, says }) => {
    const folder = await invoiced()
    run(folder, sql)
    const found = await reconcileIn(folder)
    expect(found.equal).toBe(false)
    const told = found.differences.filter(({ store }) => store === 'invoice').map(({ what }) => what)
    expect(told).toEqual(expect.arrayContaining(says))
  })
})
