import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { CounterTable, counterMemory } from '../../../src/storage/memory/counter-table.ts'
import { MemoryCounterStore } from '../../../src/storage/memory/counters.ts'
import { Counter, type CounterSpec } from '../../../src/storage/ports/counters.ts'
import type { ConcurrencyOrder } from '../../support/concurrency-worker.ts'
import type { HammerOrder, HammerReport } from '../../support/counter-worker.ts'

const WORKER = fileURLToPath(new URL('../../support/counter-worker.ts', import.meta.url))
const START = Date.UTC(2026, 2, 10, 12)
const THREADS = 4

const log = (overrides: Partial<CounterSpec> = {}): CounterSpec => ({
  tenantId: 'acme',
  name: `rl:{${overrides.tenantId ?? 'acme'}}:*:${overrides.id ?? 'log'}`,
  kind: 'log',
  id: 'log',
  amount: 1_000,
  cost: 1,
  windowMs: 3_600_000,
  ...overrides,
})
const steps = (overrides: Partial<CounterSpec> = {}) =>
  log({ kind: 'steps', id: 'steps', amount: 5_000, ...overrides })
const quota = (overrides: Partial<CounterSpec> = {}) =>
  log({
    kind: 'quota',
    id: 'quota',
    windowMs: 0,
    periodStartMs: START - 1_000,
    periodEndMs: START + 86_400_000,
    ...overrides,
  })

/** Runs four threads on one memory and adds up what they report. */
async function hammer(memory: SharedArrayBuffer, order: Partial<HammerOrder>) {
  const clock = new SharedArrayBuffer(4)
  const reports = await Promise.all(
    Array.from({ length: THREADS }, async (_, thread): Promise<HammerReport> => {
      const workerData: HammerOrder = {
        memory,
        clock,
        sets: [[log()]],
        decisions: 100_000,
        tickEvery: 0,
        startMs: START,
        giveBackEvery: 0,
        seed: 42 + thread,
        ...order,
      }
      const worker = new Worker(WORKER, { workerData })
      const ended = once(worker, 'exit')
      const [report] = await once(worker, 'message')
      await ended
      return report
    }),
  )
  const sum = (of: (report: HammerReport) => number) =>
    reports.reduce((total, report) => total + of(report), 0)
  return {
    admitted: sum((report) => report.admitted),
    full: sum((report) => report.full),
    givenBack: sum((report) => report.givenBack),
    resets: reports.flatMap((report) => [...report.resets]).sort((one, other) => one - other),
    endMs: START + new Int32Array(clock)[0]!,
  }
}

describe('four threads on one table', () => {
  test.each([
    { sets: [[log()]], limit: 1_000, why: 'a log' },
    { sets: [[steps()]], limit: 5_000, why: 'steps' },
    { sets: [[quota({ amount: 777 })]], limit: 777, why: 'a quota' },
    {
      sets: [[log({ amount: 999 }), steps(), quota({ amount: 800 })]],
      limit: 800,
      why: 'all or nothing of three',
    },
    { sets: [[steps({ amount: 9_999, cost: 3 })]], limit: 3_333, why: 'calls that cost more' },
    {
      sets: [[log({ amount: 100 })], [log({ amount: 100 }), steps()]],
      limit: 100,
      why: 'two routes that share a limit',
    },
  ])('of many calls that race exactly $limit are admitted: $why', async ({ sets, limit }) => {
    const memory = counterMemory(4)
    const { admitted, full } = await hammer(memory, { sets })
    expect({ admitted, full }).toEqual({ admitted: limit, full: 0 })
    const longest = sets.reduce((best, set) => (set.length > best.length ? set : best))
    const store = new MemoryCounterStore(memory)
    const left = store.peek(
      longest.map((spec) => new Counter(spec)),
      START,
    )
    const used = longest.map((spec) => spec.amount - limit * spec.cost)
    if (sets.length === 1) expect(left).toMatchObject({ remaining: used })
  })

  test('one call per window: no two of them are ever closer than the window, in a million decisions', async () => {
    const windowMs = 10
    const { resets, endMs } = await hammer(counterMemory(4), {
      sets: [[log({ amount: 1, windowMs })]],
      decisions: 250_000,
      tickEvery: 5,
    })
    const gaps = resets.slice(1).map((reset, index) => reset - resets[index]!)
    expect(Math.min(...gaps.slice(0, 100_000))).toBeGreaterThanOrEqual(windowMs)
    expect(gaps.every((gap) => gap >= windowMs)).toBe(true)
    expect(resets.length).toBeGreaterThan((endMs - START) / windowMs / 2)
  })

  test('what is given back can be taken again, and never more than that', async () => {
    const { admitted, givenBack } = await hammer(counterMemory(4), {
      sets: [[quota({ amount: 1_000 })]],
      giveBackEvery: 4,
    })
    expect(givenBack).toBeGreaterThan(200)
    expect(admitted - givenBack).toBe(1_000)
  })

  test('after all of it has expired the table is as empty as on the first day', async () => {
    const memory = counterMemory(4)
    const before = room(memory, START)
    const sets = Array.from({ length: 400 }, (_, index) => {
      const tenantId = `tenant-${index % 100}`
      const windowMs = 500 + (index % 7) * 100
      return index % 2 === 0
        ? [log({ tenantId, windowMs, amount: 50 }), steps({ tenantId, windowMs })]
        : // The same names in other shapes: plans that change while calls are under way.
          [
            log({ tenantId, windowMs, kind: 'steps', amount: 2_000 }),
            quota({ tenantId, amount: 1e9, periodEndMs: START + 40_000 }),
          ]
    })
    const { admitted, endMs } = await hammer(memory, {
      sets,
      tickEvery: 10,
      decisions: 100_000,
      giveBackEvery: 10,
    })
    expect(admitted).toBeGreaterThan(50_000)
    expect(room(memory, endMs + 86_400_000)).toEqual(before)
  })
})

describe('calls in flight, four threads', () => {
  const WORKER_OF_CALLS = fileURLToPath(new URL('../../support/concurrency-worker.ts', import.meta.url))
  const places = (amount: number) => log({ kind: 'concurrent', id: 'at-once', amount, windowMs: 0 })

  test.each([
    { counters: [places(1)], most: 1, why: 'one at a time' },
    { counters: [places(7)], most: 7, why: 'a few at a time' },
    {
      counters: [places(20), steps({ amount: 1e8 }), quota({ amount: 1e8 })],
      most: 20,
      why: 'beside others',
    },
  ])('there are never more than the limit, and in the end none: $why', async ({ counters, most }) => {
    const memory = counterMemory(4)
    const inFlight = new SharedArrayBuffer(8)
    const admitted = await Promise.all(
      Array.from({ length: THREADS }, async (_, thread): Promise<number> => {
        const order: ConcurrencyOrder = {
          ...{ memory, inFlight, counters, steps: 100_000, nowMs: START, seed: 42 + thread },
        }
        const worker = new Worker(WORKER_OF_CALLS, { workerData: order })
        const ended = once(worker, 'exit')
        const [count] = await once(worker, 'message')
        await ended
        return count
      }),
    )
    expect([...new Int32Array(inFlight)]).toEqual([0, most])
    expect(admitted.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(10_000)
    const left = new MemoryCounterStore(memory).peek([new Counter(counters[0]!)], START)
    expect(left.remaining).toEqual([most])
  })
})

/** Free blocks and records of every shard, once what expired is out. */
function room(memory: SharedArrayBuffer, nowMs: number) {
  const table = new CounterTable(memory)
  return Array.from({ length: table.shardCount }, (_, shard) => {
    const at = table.shardAt(shard)
    table.evictExpired(at, nowMs, Number.POSITIVE_INFINITY)
    const copy = new SharedArrayBuffer(memory.byteLength)
    new Uint8Array(copy).set(new Uint8Array(memory))
    const scratch = new CounterTable(copy)
    let records = 0
    while (scratch.insert(at, records, 1, 1) !== -1) records += 1
    return { records, blocks: table.blocksLeft(at) }
  })
}
