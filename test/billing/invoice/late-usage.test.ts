import { describe, expect, test } from 'vitest'
import { askedPeriod } from '../../../src/billing/invoice/asked-period.ts'
import { voidInvoice } from '../../../src/billing/invoice/void-invoice.ts'
import type { Invoice } from '../../../src/model/invoice.ts'
import type { Period } from '../../../src/model/period.ts'
import type { Charge } from '../../../src/model/plan.ts'
import { figureOfLine } from '../../../src/reconcile/figure-of-line.ts'
import { APRIL_2026, type InvoiceScene, invoiceScene, MARCH_2026 } from '../../support/invoice-scene.ts'

const DAY_MS = 86_400_000
const march = { bucketMs: MARCH_2026.startMs + DAY_MS }
const MAY_2026: Period = { startMs: APRIL_2026.endMs, endMs: Date.UTC(2026, 5, 1) }
const JUNE_2026: Period = { startMs: MAY_2026.endMs, endMs: Date.UTC(2026, 6, 1) }

/** A dollar a call, and no fee. */
const DOLLAR: Charge = { id: 'calls', meter: 'calls', price: { model: 'per_unit', unit: '1' } }

/** Acme with that many calls in March, billed. */
async function marchBilled(requests: number): Promise<InvoiceScene> {
  const scene = await invoiceScene({ charges: [DOLLAR], rollups: [{ ...march, requests }] })
  await scene.run()
  return scene
}

/** Runs a period after its end, and after all that was run before. */
function billed(scene: InvoiceScene, period: Period, request?: { tenantId: string }) {
  scene.clock.set(Math.max(scene.clock.nowMs() + 60_000, period.endMs + 600_000))
  return scene.run(period, request)
}

function takeBack(scene: InvoiceScene, { made }: { readonly made: readonly Invoice[] }) {
  return voidInvoice(scene, { invoice: made[0]?.number ?? '', reason: 'Wrong', actor: 'cli:test' })
}

/** `quantity amount` of the adjustments of a run. */
function adjusted({ made }: { readonly made: readonly Invoice[] }): readonly string[] {
  return made
    .flatMap(({ content }) => content.lines)
    .filter(({ kind }) => kind === 'adjustment')
    .map(({ quantity, amount }) => `${quantity} ${amount}`)
}

describe('an invoice that is made again after it was void', () => {
  test.each([
    { late: 30, says: '30 30.00' },
    { late: -30, says: '-30 -30.00' },
  ])('has its adjustments again, and no later one has them once more: $says', async ({ late, says }) => {
    const scene = await marchBilled(100)
    await scene.use({ ...march, requests: late })
    const april = await billed(scene, APRIL_2026)
    expect(adjusted(april)).toEqual([says])
    await takeBack(scene, april)
    const again = await billed(scene, APRIL_2026, { tenantId: 'acme' })
    expect(again.made).toMatchObject([{ number: 'INV-2026-0003', attempt: 2 }])
    expect(adjusted(again)).toEqual([says])
    await takeBack(scene, again)
    expect(adjusted(await billed(scene, APRIL_2026, { tenantId: 'acme' }))).toEqual([says])
    expect(adjusted(await billed(scene, MAY_2026))).toEqual([])
  })

  test('has what it adjusted, less nothing and twice nothing, after a later invoice adjusted more', async () => {
    const scene = await marchBilled(100)
    await scene.use({ ...march, requests: 30 })
    const april = await billed(scene, APRIL_2026)
    await takeBack(scene, april)
    await scene.use({ ...march, requests: 5 })
    expect(adjusted(await billed(scene, MAY_2026))).toEqual(['5 5.00'])
    expect(adjusted(await billed(scene, APRIL_2026, { tenantId: 'acme' }))).toEqual(['30 30.00'])
    expect(adjusted(await billed(scene, JUNE_2026))).toEqual([])
  })
})

test('an adjustment keeps of its period when it begins and ends, and nothing of how far its billing was', async () => {
  const scene = await marchBilled(100)
  await scene.use({ ...march, requests: 30 })
  const [made] = (await billed(scene, APRIL_2026)).made
  const kept = await scene.store.invoices.find(made?.number ?? '')
  const periods = kept?.content.lines.filter(({ kind }) => kind === 'adjustment').map(({ period }) => period)
  expect(periods).toEqual([MARCH_2026])
})

describe('periods that are billed out of order', () => {
  test('bill late usage once: what a later one adjusted counts as billed', async () => {
    const scene = await marchBilled(100)
    await scene.use({ ...march, requests: 1000 })
    const may = await billed(scene, MAY_2026)
    expect(adjusted(may)).toEqual(['1000 1000.00'])
    await scene.use({ ...march, requests: 100 })
    const april = await billed(scene, APRIL_2026)
    expect(adjusted(april)).toEqual(['100 100.00'])
    expect(adjusted(await billed(scene, JUNE_2026))).toEqual([])
    // Each line says what was billed when it was made.
    const stated = async ({ made }: typeof april) =>
      (await figureOfLine(scene.store, { invoice: made[0]?.number ?? '', line: 2 })).stated
    expect(await stated(may)).toBe('1100')
    expect(await stated(april)).toBe('1200')
  })

  test('lose nothing that was taken back between them and came again', async () => {
    const scene = await marchBilled(100)
    // Down to the same rollups, so to the same evidence as on the invoice that was made first.
    const calls = (times: number) => ({
      ...{ ...march, requests: times, usageUnits: times, durationMs: times },
      ...{ bytesReceived: times, bytesSent: times },
    })
    await scene.use(calls(30))
    expect(adjusted(await billed(scene, MAY_2026))).toEqual(['30 30.00'])
    await scene.use(calls(-30))
    expect(adjusted(await billed(scene, APRIL_2026))).toEqual(['-30 -30.00'])
    await scene.use(calls(30))
    expect(adjusted(await billed(scene, JUNE_2026))).toEqual(['30 30.00'])
  })
})

describe('where periods begin with subscriptions', () => {
  const span = (from: readonly [number, number], to: readonly [number, number]): Period => ({
    startMs: Date.UTC(2026, ...from),
    endMs: Date.UTC(2026, ...to),
  })
  const february = { bucketMs: Date.UTC(2026, 1, 10) }
  const ACME = {
    first: span([0, 31], [1, 28]),
    second: span([1, 28], [2, 31]),
    third: span([2, 31], [3, 30]),
  }
  const BOLT = {
    first: span([0, 28], [1, 28]),
    second: span([1, 28], [2, 28]),
    third: span([2, 28], [3, 28]),
  }

  const cora = { ...february, tenantId: 'cora', subscriptionId: 'sub_3', keyId: 'key_3' }

  /** Acme from 31 January, bolt from the 28th, cora as acme and only up to 20 February; the first period of each is billed. */
  async function threeTenants(): Promise<InvoiceScene> {
    const scene = await invoiceScene({
      billing: { anchor: 'subscription' },
      charges: [DOLLAR],
      tenants: [{}, { id: 'bolt' }, { id: 'cora' }],
      subscriptions: [
        { id: 'sub_1', startMs: ACME.first.startMs },
        { id: 'sub_2', tenantId: 'bolt', startMs: BOLT.first.startMs },
        { id: 'sub_3', tenantId: 'cora', startMs: ACME.first.startMs, endMs: Date.UTC(2026, 1, 20) },
      ],
      rollups: [
        { ...february, requests: 100 },
        { ...cora, requests: 100 },
      ],
    })
    await billed(scene, BOLT.first)
    await billed(scene, ACME.first)
    return scene
  }

  test('late usage waits for the next period of its own tenant, and is billed there once', async () => {
    const scene = await threeTenants()
    await scene.use({ ...february, requests: 30 })
    const others = await billed(scene, BOLT.second)
    expect(others.made.map(({ tenantId }) => tenantId)).toEqual(['bolt'])
    expect(adjusted(others)).toEqual([])
    const own = await billed(scene, ACME.second)
    expect(own.made).toMatchObject([{ tenantId: 'acme', period: ACME.second }])
    expect(adjusted(own)).toEqual(['30 30.00'])
    await scene.use({ ...february, requests: 5 })
    expect(adjusted(await billed(scene, BOLT.third))).toEqual([])
    expect(adjusted(await billed(scene, ACME.third))).toEqual(['5 5.00'])
  })

  test('who has no period left gets an invoice for it all the same, and who has one waits nonetheless', async () => {
    const scene = await threeTenants()
    await scene.use({ ...cora, requests: 30 }, { ...february, requests: 7 })
    const others = await billed(scene, BOLT.second)
    expect(others.made.map(({ tenantId }) => tenantId)).toEqual(['bolt', 'cora'])
    expect(adjusted(others)).toEqual(['30 30.00'])
    await scene.use({ ...cora, requests: 5 })
    // This one begins on the same day as the one before, and is another period.
    expect(adjusted(await billed(scene, ACME.second))).toEqual(['7 7.00', '5 5.00'])
    await scene.use({ ...cora, requests: 1 })
    expect(adjusted(await billed(scene, BOLT.third))).toEqual(['1 1.00'])
    expect(adjusted(await billed(scene, ACME.third))).toEqual([])
  })

  test('an invoice of who has no period left is made again by a day of the period it is of', async () => {
    const scene = await threeTenants()
    await scene.use({ ...cora, requests: 30 })
    const made = (await billed(scene, BOLT.second)).made.find(({ tenantId }) => tenantId === 'cora')
    await voidInvoice(scene, { invoice: made?.id ?? '', reason: 'Wrong', actor: 'cli:test' })
    const asked = {
      held: await scene.store.subscriptions.list('cora'),
      taken: (await scene.store.invoices.list({ states: ['void'] })).map(({ period }) => period),
    }
    const nowMs = scene.clock.nowMs()
    const period = askedPeriod({ ...asked, on: '2026-03-05' }, scene.billing, nowMs)
    expect(adjusted(await billed(scene, period, { tenantId: 'cora' }))).toEqual(['30 30.00'])
    // One of its own goes before.
    expect(askedPeriod({ ...asked, on: '2026-02-10' }, scene.billing, nowMs)).toEqual(ACME.first)
  })
})
