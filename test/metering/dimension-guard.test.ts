import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DimensionGuard } from '../../src/metering/dimension-guard.ts'
import type { Dimension } from '../../src/model/dimension.ts'
import type { UsageEvent } from '../../src/model/event.ts'
import { usageEvent } from '../support/usage-events.ts'

const REGION: Dimension = { id: 'region', from: 'request-header', name: 'x-region', maxValues: 3 }

/** A guard before a ledger that holds these values. */
function guardWith(values: readonly string[] = [], dimension = REGION) {
  const dimensionValues = async () => new Map([['region', new Set(values)]])
  return new DimensionGuard({ dimensionValues }, [dimension])
}

const inRegions = (...regions: readonly string[]) =>
  regions.map((region, seq) => usageEvent({ seq, dimensions: { region } }))

const regionsOf = (events: readonly UsageEvent[]) => events.map(({ dimensions }) => dimensions.region)

test('new values pass up to the bound, those beyond become one', async () => {
  const bounded = await guardWith().bounded(inRegions('a', 'b', 'a', 'c', 'd', 'b', 'e'))
  expect(regionsOf(bounded)).toEqual(['a', 'b', 'a', 'c', '(other)', 'b', '(other)'])
})

test('what the ledger holds passes, and takes of the bound', async () => {
  const bounded = await guardWith(['x', 'y', '(other)', '(invalid)']).bounded(
    inRegions('x', 'a', 'b', '(invalid)'),
  )
  expect(regionsOf(bounded)).toEqual(['x', 'a', '(other)', '(invalid)'])
})

test('each tenant has a bound of its own', async () => {
  const guard = guardWith([], { ...REGION, maxValues: 1 })
  const events = inRegions('a', 'b').map((event, index) => ({ ...event, tenantId: `t${index}` }))
  expect(regionsOf(await guard.bounded(events))).toEqual(['a', 'b'])
})

test('events without dimensions are handed on as they are', async () => {
  const events = [usageEvent()]
  expect(await guardWith().bounded(events)).toBe(events)
})

test('after a crash the same events become the same, whatever of them had reached the ledger', async () => {
  const regions = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { maxLength: 20 })
  await fc.assert(
    fc.asyncProperty(regions, fc.nat(20), async (names, done) => {
      const before = await guardWith().bounded(inRegions(...names))
      const known = regionsOf(before.slice(0, done)).filter((region) => region !== undefined)
      const again = await guardWith(known).bounded(inRegions(...names))
      expect(regionsOf(again)).toEqual(regionsOf(before))
    }),
  )
})
