import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeEvent } from '../../src/metering/event.ts'
import { EventLines } from '../../src/metering/event-lines.ts'
import { usageEvent } from '../support/usage-events.ts'

test('what is taken is all that was added since, in order, as UTF-8, and nobody else writes to it', () => {
  const text = fc.string({ unit: 'binary', maxLength: 200 })
  // Some are longer than what there is room for.
  const long = fc.nat(90_000).map((length) => 'ü'.repeat(length))
  const batch = fc.array(fc.oneof({ weight: 20, arbitrary: text }, long), { maxLength: 30 })
  fc.assert(
    fc.property(fc.array(batch, { maxLength: 5 }), (batches) => {
      const lines = new EventLines()
      const taken = batches.map((added) => {
        for (const endpoint of added) lines.add(eventAt(endpoint))
        return lines.take()
      })
      expect(taken.map((bytes) => Buffer.from(bytes).toString())).toEqual(
        batches.map((added) => added.map((endpoint) => encodeEvent(eventAt(endpoint))).join('')),
      )
      for (const { buffer, byteLength } of taken) expect(buffer.byteLength).toBe(byteLength)
    }),
  )
})

function eventAt(endpoint: string) {
  return { ...usageEvent(), endpoint, caller: 'caller', quantities: '', dimensions: '' }
}
