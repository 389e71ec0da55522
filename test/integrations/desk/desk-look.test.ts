import { expect, onTestFinished, test } from 'vitest'
import { parseConfig } from '../../../src/config/load-config.ts'
import { hasDeskWork } from '../../../src/integrations/desk/desk-look.ts'
import type { DeskConfig } from '../../../src/integrations/desk/desk-round.ts'
import { ManualClock } from '../../../src/lib/clock.ts'
import { billingStore } from '../../support/billing-scene.ts'
import { SMALL_CONFIG } from '../../support/config-text.ts'

const MID_MONTH = Date.UTC(2026, 0, 15)
const LATER = Date.UTC(2026, 1, 20)

async function scene(run: 'auto' | 'manual') {
  const store = await billingStore({})
  onTestFinished(() => store[Symbol.asyncDispose]())
  const parsed = parseConfig(SMALL_CONFIG, { file: '/nowhere/gatez.yaml', env: {} })
  const config: DeskConfig = { ...parsed, invoicing: { ...parsed.invoicing, run } }
  const at = (nowMs: number, isDunning = false) =>
    hasDeskWork({ store, clock: new ManualClock(nowMs), config, isDunning, isCapping: false })
  return { store, at }
}

test('the desk has work once a period is over, and none before or where invoices are made by hand', async () => {
  const { at } = await scene('auto')
  expect(await at(MID_MONTH)).toBe(false)
  expect(await at(LATER)).toBe(true)
  expect(await (await scene('manual')).at(LATER)).toBe(false)
})

test('the desk has work while mail about an invoice waits', async () => {
  const { store, at } = await scene('manual')
  const message = { id: 'msg_1', body: {}, createdAtMs: MID_MONTH }
  await store.outbox.insert({ ...message, id: 'msg_0', kind: 'quota.threshold' })
  expect(await at(MID_MONTH)).toBe(false)
  await store.outbox.insert({ ...message, kind: 'invoice.issued' })
  expect(await at(MID_MONTH)).toBe(true)
  await store.outbox.markSent('msg_1', MID_MONTH)
  expect(await at(MID_MONTH)).toBe(false)
})
