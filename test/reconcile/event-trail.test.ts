import { expect, test } from 'vitest'
import { ManualClock } from '../../src/lib/clock.ts'
import { UlidMaker } from '../../src/lib/id.ts'
import { eventTrail } from '../../src/reconcile/event-trail.ts'
import { openUsageLog } from '../../src/storage/open.ts'
import { EVENTS_PLACE } from '../../src/storage/ports/events.ts'
import { storesIn } from '../support/control-store.ts'
import { APRIL_2026, invoiceScene } from '../support/invoice-scene.ts'
import { tempDir } from '../support/temp-dir.ts'
import { usageEvent } from '../support/usage-events.ts'

const HAPPENED_MS = Date.UTC(2026, 2, 10)

/** An event of 10 March that was reported at a moment. */
const reported = (seq: number, atMs: number) => {
  const id = new UlidMaker(new ManualClock(atMs), { epoch: 1, thread: 31 }).next()
  return usageEvent({
    id,
    seq,
    timestampMs: HAPPENED_MS,
    source: 'api',
    requestId: `r-${seq}`,
    ...EVENTS_PLACE,
  })
}

test('an event is on the invoice that was made when it counted; what came later is on the adjustment', async () => {
  const march = { bucketMs: HAPPENED_MS, subscriptionId: 'sub_1' }
  const scene = await invoiceScene({ rollups: [{ ...march, requests: 90 }] })
  await using usageLog = await openUsageLog(storesIn(tempDir()))
  const [early, late] = [reported(1, Date.UTC(2026, 2, 15)), reported(2, Date.UTC(2026, 3, 3))]
  await usageLog.append([early, late])
  const trailOf = async (event: typeof early) => {
    const { invoice, rated_at } = await eventTrail({ store: scene.store, usageLog }, event)
    return { invoice, rated_at }
  }
  expect(await trailOf(early)).toEqual({ invoice: null, rated_at: null })

  await scene.run()
  const first = { invoice: 'INV-2026-0001:2', rated_at: new Date(scene.clock.nowMs()).toISOString() }
  expect(await trailOf(early)).toEqual(first)
  expect(await trailOf(late)).toEqual({ invoice: null, rated_at: null })

  await scene.use({ ...march, requests: 30 })
  scene.clock.set(APRIL_2026.endMs + 600_000)
  await scene.run(APRIL_2026)
  expect(await trailOf(early)).toEqual(first)
  expect(await trailOf(late)).toEqual({
    invoice: 'INV-2026-0002:3',
    rated_at: new Date(scene.clock.nowMs()).toISOString(),
  })
})
