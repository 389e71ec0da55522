import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { counterMemory } from '../../../src/storage/memory/counter-table.ts'
import { MemoryCounterStore } from '../../../src/storage/memory/counters.ts'
import { Counter } from '../../../src/storage/ports/counters.ts'
import { counterStoreContract } from '../../contract/counter-store.ts'
import { ReferenceWindow } from '../../support/reference-window.ts'

counterStoreContract({
  name: 'memory',
  open: async () => new MemoryCounterStore(counterMemory(4)),
})

const START = Date.UTC(2026, 0, 31, 23, 59)

describe('the sliding window against its definition', () => {
  test.each([
    { limit: 7, windowMs: 1_000 },
    { limit: 100, windowMs: 60_000 },
    { limit: 1_000, windowMs: 60_000 },
  ])('up to 1,000 it admits a call if and only if the definition does: $limit', ({ limit, windowMs }) => {
    const store = new MemoryCounterStore(counterMemory(4))
    const counter = makeCounter(limit, windowMs)
    const reference = new ReferenceWindow(limit, windowMs)
    let decisions = 0
    for (const nowMs of arrivals(250_000, (windowMs / limit) * 0.7)) {
      const admitted = store.take([counter], nowMs).outcome === 'admitted'
      if (admitted !== reference.hasRoom(nowMs)) expect.fail(`decision ${decisions} differs at ${nowMs}`)
      if (admitted) reference.record(nowMs)
      decisions += 1
    }
    expect(decisions).toBe(250_000)
  })

  test('above 1,000 it never admits more than the definition, and frees at most 1/60 of the window late', () => {
    const [limit, windowMs] = [1_500, 60_000]
    const store = new MemoryCounterStore(counterMemory(4))
    const counter = makeCounter(limit, windowMs)
    const reference = new ReferenceWindow(limit, windowMs)
    let refused = 0
    for (const nowMs of arrivals(250_000, 25)) {
      const admitted = store.take([counter], nowMs).outcome === 'admitted'
      if (admitted && !reference.hasRoom(nowMs)) expect.fail(`over-admission at ${nowMs}`)
      // Late by at most one sub-window: what is refused now would also be refused that much earlier.
      if (
        !admitted &&
        reference.used(nowMs - windowMs / 60 - 1) + inLast(reference, nowMs, windowMs / 60 + 1) < limit
      )
        expect.fail(`refused later than 1/60 at ${nowMs}`)
      if (admitted) reference.record(nowMs)
      else refused += 1
    }
    expect(refused).toBeGreaterThan(1_000)
  })

  test('any mix of limits, costs, windows and times keeps every limit in every trailing window', () => {
    const limits = fc.array(
      fc.record({
        amount: fc.integer({ min: 1, max: 1_400 }),
        windowMs: fc.constantFrom(1_000, 10_000, 60_000),
        cost: fc.integer({ min: 1, max: 5 }),
      }),
      { minLength: 1, maxLength: 3 },
    )
    const gapsMs = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 300 })
    fc.assert(
      fc.property(limits, gapsMs, (specs, gaps) => {
        const store = new MemoryCounterStore(counterMemory(4))
        const counters = specs.map((spec, index) => makeCounter(spec.amount, spec.windowMs, spec.cost, index))
        const references = specs.map((spec) => new ReferenceWindow(spec.amount, spec.windowMs))
        let nowMs = START
        for (const gapMs of gaps) {
          nowMs += gapMs
          const decision = store.take(counters, nowMs)
          const exact = specs.every((spec) => spec.amount <= 1_000)
          const room = references.every((reference, index) => reference.hasRoom(nowMs, specs[index]?.cost))
          if (decision.outcome === 'admitted') expect(room).toBe(true)
          else if (exact) expect(room).toBe(false)
          if (decision.outcome !== 'admitted') continue
          for (const [index, reference] of references.entries()) reference.record(nowMs, specs[index]?.cost)
        }
      }),
      { numRuns: 200 },
    )
  })

  test('a refused call that comes back at its reset is admitted', () => {
    for (const limit of [5, 1_200]) {
      const store = new MemoryCounterStore(counterMemory(4))
      const counter = makeCounter(limit, 60_000)
      for (const nowMs of arrivals(5_000, 10)) {
        const decision = store.take([counter], nowMs)
        if (decision.outcome !== 'refused') continue
        const later = new MemoryCounterStore(counterMemory(4))
        expect(later.take([makeCounter(limit, 60_000)], nowMs).outcome).toBe('admitted')
        const resetAtMs = decision.resetAtMs[0] ?? 0
        expect(resetAtMs).toBeGreaterThan(nowMs)
        expect(store.take([counter], resetAtMs - 1).outcome).toBe('refused')
        expect(store.take([counter], resetAtMs).outcome).toBe('admitted')
        break
      }
    }
  })
})

describe('the bounded table', () => {
  test('answers full, and not wrong, when no counter has expired; recovers once they do', () => {
    const store = new MemoryCounterStore(counterMemory(4))
    let nowMs = START
    let outcome = 'admitted'
    let made = 0
    while (outcome === 'admitted' && made < 100_000) {
      made += 1
      outcome = store.take([makeCounter(5, 1_000, 1, made)], nowMs).outcome
    }
    expect(outcome).toBe('full')
    expect(made).toBeGreaterThan(10_000)
    expect(store.take([makeCounter(5, 1_000, 1, 1)], nowMs)).toMatchObject({ remaining: [3] })
    nowMs += 2_000
    expect(store.take([makeCounter(5, 1_000, 1, 999_999)], nowMs).outcome).toBe('admitted')
  })
})

test('what counts without more memory is counted when others took all of it', () => {
  const store = new MemoryCounterStore(counterMemory(4))
  let nowMs = START
  let logs = 0
  while (store.take([makeCounter(1_000, 3_600_000, 1, logs)], nowMs).outcome !== 'full') {
    nowMs += 1
    if (nowMs % 1_000 === 0) logs += 1
  }
  expect(logs).toBeGreaterThan(100)
  const [month, steps] = [quotaOf('acme', START, START + 86_400_000), makeCounter(1_001, 3_600_000, 1, -1)]
  store.restore(month, nowMs, 20)
  store.count([steps, month], nowMs)
  expect(store.peek([month], nowMs).remaining).toEqual([79])
})

test('a quota of a month keeps its count when the day is over that the plan before counted it by', () => {
  const store = new MemoryCounterStore(counterMemory(4))
  const DAY = 86_400_000
  const at = (day: number) => Date.UTC(2026, 2, day)
  const day = (tenantId: string, index: number) => quotaOf(tenantId, at(index), at(index) + DAY)
  const month = quotaOf('acme', at(1), at(32))
  store.take([day('acme', 10)], at(10) + 1)
  for (let call = 0; call < 20; call += 1) store.take([month], at(10) + 2)
  // So many others come that room must be made of what is over.
  let others = 0
  while (store.take([day(`t${others}`, 12)], at(12) + 1).outcome === 'admitted') others += 1
  expect(others).toBeGreaterThan(10_000)
  expect(store.peek([month], at(12) + 2).remaining).toEqual([80])
})

/** Bursty arrivals, the same on every run: mostly close together, now and then a pause. */
function* arrivals(count: number, meanGapMs: number): Generator<number> {
  let seed = 42
  const random = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
    return seed / 2_147_483_648
  }
  let nowMs = START
  for (let index = 0; index < count; index += 1) {
    const dice = random()
    nowMs += dice < 0.6 ? 0 : Math.floor(random() * meanGapMs * 5)
    yield nowMs
  }
}

test('a call that was admitted elsewhere counts in all its counters, past any limit', () => {
  const store = new MemoryCounterStore(counterMemory(4))
  const counters = [makeCounter(5, 1_000, 2), makeCounter(2_000, 60_000, 3, 1)]
  for (let call = 0; call < 4; call += 1) store.count(counters, START)
  expect(store.peek(counters, START).remaining).toEqual([0, 1_988])
  expect(store.take(counters, START)).toMatchObject({ outcome: 'refused', violated: [0] })
  expect(store.peek(counters, START + 1_000).remaining).toEqual([5, 1_988])
})

/** Admissions in the last `spanMs` before `nowMs`. */
function inLast(reference: ReferenceWindow, nowMs: number, spanMs: number): number {
  let count = 0
  for (let index = reference.admittedAtMs.length - 1; index >= 0; index -= 1) {
    if ((reference.admittedAtMs[index] ?? 0) < nowMs - spanMs) break
    count += 1
  }
  return count
}

function makeCounter(amount: number, windowMs: number, cost = 1, index = 0): Counter {
  return new Counter({
    tenantId: 'acme',
    name: `rl:{acme}:*:limit-${index}`,
    kind: amount > 1_000 ? 'steps' : 'log',
    id: `limit-${index}`,
    amount,
    cost,
    windowMs,
  })
}

function quotaOf(tenantId: string, periodStartMs: number, periodEndMs: number): Counter {
  const name = `q:{${tenantId}}:calls`
  const counted = { tenantId, name, kind: 'quota', id: 'calls', amount: 100, cost: 1, windowMs: 0 } as const
  return new Counter({ ...counted, periodStartMs, periodEndMs })
}
