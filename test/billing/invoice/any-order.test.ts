import { expect, test } from 'vitest'
import { previewInvoice } from '../../../src/billing/invoice/preview-invoice.ts'
import { voidInvoice } from '../../../src/billing/invoice/void-invoice.ts'
import { parseMinor } from '../../../src/model/money.ts'
import type { Period } from '../../../src/model/period.ts'
import type { Charge } from '../../../src/model/plan.ts'
import { checkInvoices } from '../../../src/reconcile/check-invoices.ts'
import type { Rollup } from '../../../src/storage/ports/ledger.ts'
import { type InvoiceScene, invoiceScene } from '../../support/invoice-scene.ts'
import { type Random, randomFrom } from '../../support/random.ts'

const DAY_MS = 86_400_000
const MONTHS: readonly Period[] = [2, 3, 4, 5].map((month) => ({
  startMs: Date.UTC(2026, month, 1),
  endMs: Date.UTC(2026, month + 1, 1),
}))
const MARCH = MONTHS[0]!
const HALF_MS = MARCH.startMs + 15 * DAY_MS

const TIERS = [
  { up_to: '50', unit: '0' },
  { up_to: '110', unit: '0.333', flat: '5' },
  { up_to: null, unit: '0.1', flat: '7' },
]
const PRICES: readonly Charge['price'][] = [
  { model: 'graduated', tiers: TIERS, minimum: '3', maximum: '30' },
  { model: 'volume', tiers: TIERS.slice(1), included: '20' },
  { model: 'package', size: '70', amount: '10', discount: '10' },
  { model: 'per_unit', unit: '0.0037', included: '100' },
]

type Use = Pick<Rollup, 'bucketMs' | 'requests' | 'usageUnits' | 'subscriptionId'>

/** Acme with two charges; in every second scene prices changed on 16 March. */
function sceneOf(seed: number): Promise<InvoiceScene> {
  const random = randomFrom(seed)
  const priced = (id: string): Charge => ({ id, meter: id, price: PRICES[random(PRICES.length)]! })
  const later = { id: 'sub_2', startMs: HALF_MS, planSinceMs: Date.UTC(2026, 0, 1) }
  const subscriptions = seed % 2 === 0 ? [{ id: 'sub_1' }] : [{ id: 'sub_1', endMs: HALF_MS }, later]
  return invoiceScene({ charges: [priced('calls'), priced('units')], subscriptions })
}

/** Calls of some day up to the end of a month; where that day has some already, a few are taken back at times. */
function someUse(random: Random, seed: number, month: number, before: readonly Use[]): Use {
  const bucketMs = MONTHS[random(month + 1)]!.startMs + (2 + 16 * random(2)) * DAY_MS
  const there = before.filter((each) => each.bucketMs === bucketMs)
  const used = there.reduce((sum, { requests }) => sum + requests, 0)
  const requests = used > 2 && random(3) === 0 ? -1 - random(used - 1) : 1 + random(40)
  const isLater = seed % 2 === 1 && bucketMs >= HALF_MS
  return { bucketMs, requests, usageUnits: requests, subscriptionId: isLater ? 'sub_2' : 'sub_1' }
}

/** What invoices that hold say of a month, in cents. */
async function billed({ store }: InvoiceScene, { startMs, endMs }: Period): Promise<bigint> {
  const lines = (await store.invoices.list({}))
    .filter(({ state }) => state !== 'void')
    .flatMap(({ content }) => content.lines)
    .filter(({ period }) => period.startMs >= startMs && period.startMs < endMs)
  return lines.reduce((sum, { amount }) => sum + parseMinor(amount, 'USD'), 0n)
}

/** The month's invoice, if one holds that nothing was paid of, is void afterwards. */
async function takeBack(scene: InvoiceScene, { startMs }: Period): Promise<void> {
  const all = await scene.store.invoices.list({ within: { startMs, endMs: startMs + 1 } })
  const last = all.findLast(({ state, paidMinor }) => state !== 'void' && paidMinor === 0n)
  if (last !== undefined) await voidInvoice(scene, { invoice: last.id, reason: 'Wrong', actor: 'cli:test' })
}

test.each(Array.from({ length: 24 }, (_, index) => 70 + index))(
  'however usage comes and invoices are void and made again, all together say what was used (seed %i)',
  async (seed) => {
    const [scene, random] = [await sceneOf(seed), randomFrom(seed)]
    const uses: Use[] = []
    const use = async (month: number) => {
      uses.push(someUse(random, seed, month, uses))
      await scene.use(uses.at(-1)!)
    }
    const remake = (period: Period) => scene.run(period, { tenantId: 'acme' })
    for (const [month, period] of MONTHS.entries()) {
      for (let left = 1 + random(3); left > 0; left -= 1) await use(month)
      scene.clock.set(Math.max(scene.clock.nowMs(), period.endMs - DAY_MS))
      const preview = period === MARCH ? undefined : await previewInvoice(scene, 'acme')
      scene.clock.set(period.endMs + 600_000)
      const { made } = await scene.run(period)
      if (preview !== undefined) expect(made[0]?.content.lines).toEqual(preview.content.lines)
      for (let left = random(5); left > 0; left -= 1) {
        scene.clock.set(scene.clock.nowMs() + 60_000)
        const other = MONTHS[random(month + 1)]!
        const what = random(4)
        if (what < 2) await takeBack(scene, other)
        else if (what === 2) await remake(other)
        else await use(month)
      }
    }
    for (const period of random(2) === 0 ? MONTHS : MONTHS.toReversed()) {
      scene.clock.set(scene.clock.nowMs() + 60_000)
      await remake(period)
    }
    const last: Period = { startMs: MONTHS.at(-1)!.endMs, endMs: MONTHS.at(-1)!.endMs + 31 * DAY_MS }
    scene.clock.set(last.endMs + 600_000)
    await scene.run(last)

    const inTime = await sceneOf(seed)
    await inTime.use(...uses)
    inTime.clock.set(last.endMs + 600_000)
    for (const period of MONTHS) {
      await inTime.run(period)
      const found = await checkInvoices(scene.store, { span: period, billing: scene.billing })
      expect(found).toMatchObject({ waiting: 0, differences: [] })
      expect(await billed(scene, period)).toBe(await billed(inTime, period))
    }
  },
)
