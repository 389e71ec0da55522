import { expect, test } from 'vitest'
import { NumberCache } from '../../../src/storage/sql/number-cache.ts'

interface Name {
  readonly key: string
  readonly plan: string
}

function cache(capacity: number) {
  return new NumberCache<Name, Name & { readonly no: number }>({
    capacity,
    field: ({ key }) => key,
    same: (left, right) => left.key === right.key && left.plan === right.plan,
  })
}

test('finds a name by all of its fields', () => {
  const numbers = cache(10)
  numbers.add({ key: 'a', plan: 'free', no: 1 })
  numbers.add({ key: 'a', plan: 'pro', no: 2 })
  numbers.add({ key: 'b', plan: 'free', no: 3 })
  expect(numbers.find({ key: 'a', plan: 'pro' })?.no).toBe(2)
  expect(numbers.find({ key: 'b', plan: 'free' })?.no).toBe(3)
  expect(numbers.find({ key: 'b', plan: 'pro' })).toBeUndefined()
  expect(numbers.find({ key: 'c', plan: 'free' })).toBeUndefined()
})

test('never holds more than it may: when full it begins anew', () => {
  const numbers = cache(3)
  for (let no = 0; no < 100; no += 1) {
    numbers.add({ key: `key-${no % 2}`, plan: `plan-${no}`, no })
    expect([...numbers].length).toBeLessThanOrEqual(3)
    expect(numbers.find({ key: `key-${no % 2}`, plan: `plan-${no}` })?.no).toBe(no)
  }
})
