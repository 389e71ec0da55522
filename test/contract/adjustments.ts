import { expect, test } from 'vitest'
import { type Adjustment, takeBack } from '../../src/model/adjustment.ts'
import type { ControlStore } from '../../src/storage/ports/control-store.ts'
import { NOON } from '../support/control-store.ts'
import { usageEvent } from '../support/usage-events.ts'

/** An adjustment of one event; `seq` is its place. */
export function adjustment(seq: number): Adjustment {
  const event = usageEvent({ seq, quantities: { tokens: '1.5' } })
  const opposite = takeBack(event, { id: `adjusting-${seq}`, seq, timestampMs: event.timestampMs })
  return {
    ...{ id: `adj_${seq}`, eventId: event.id, eventMs: event.timestampMs, event: opposite },
    ...{ reason: 'an outage', actor: 'cli:ann', atMs: NOON },
  }
}

/** What every AdjustmentStore promises. */
export function adjustmentsContract(store: () => ControlStore): void {
  test('adjustments come back as they were put in, in the order of their places', async () => {
    const [one, two, three] = [adjustment(1), adjustment(2), adjustment(3)]
    for (const each of [one, two, three]) await store().adjustments.insert(each)
    expect(await store().adjustments.after(1)).toEqual([two, three])
    expect(await store().adjustments.ofEvent(two.eventId)).toEqual(two)
    expect(await store().adjustments.ofEvent('other')).toBeUndefined()
  })

  test('an event is taken back once', async () => {
    const one = adjustment(1)
    await store().adjustments.insert(one)
    const again = { ...adjustment(2), eventId: one.eventId }
    await expect(store().adjustments.insert(again)).rejects.toThrow()
    expect(await store().adjustments.after(0)).toEqual([one])
  })
}
