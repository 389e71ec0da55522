import fc from 'fast-check'
import { parseItem, parseList } from 'structured-headers'
import { describe, expect, test } from 'vitest'
import { FieldLines, FieldList } from '../../src/gateway/field-writer.ts'
import { policyHeader, writeRateHeaders } from '../../src/gateway/headers.ts'
import { ByteText } from '../../src/lib/byte-text.ts'
import { Counter, type CounterSpec, type Decision } from '../../src/storage/ports/counters.ts'

const NOW = Date.UTC(2026, 2, 10, 12)

function counter(overrides: Partial<CounterSpec> = {}): Counter {
  return new Counter({
    tenantId: 'acme',
    name: `rl:{acme}:*:${overrides.id ?? 'tenant-minute'}`,
    kind: 'log',
    id: 'tenant-minute',
    amount: 100,
    cost: 1,
    windowMs: 60_000,
    ...overrides,
  })
}

/** The fields of an answer by name, read back by a parser that is not ours. */
function headersOf(counters: readonly Counter[], decision: Decision, nowMs = NOW) {
  const fields: string[] = []
  writeRateHeaders(new FieldList(fields), counters, policyHeader(counters), decision, nowMs)
  const all = new Map<string, string>()
  for (let index = 0; index < fields.length; index += 2) all.set(fields[index]!, fields[index + 1]!)
  return all
}

function listOf(header: string | undefined): Readonly<Record<string, unknown>>[] {
  return parseList(header ?? '').map(([id, parameters]) => ({ id, ...Object.fromEntries(parameters) }))
}

test('as the lines of a head they are what they are as a list', () => {
  const amounts = fc.array(fc.tuple(fc.nat(2_000_000_000), fc.nat(5_000)), { minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(amounts, (left) => {
      const counters = left.map((_, index) => counter({ id: `limit-${index}`, amount: 2_000_000_000 }))
      const resets = left.map(([, seconds]) => NOW + seconds * 1000)
      const decision = admitted(
        left.map(([remaining]) => remaining),
        resets,
      )
      const bytes = new ByteText(64)
      writeRateHeaders(new FieldLines(bytes), counters, policyHeader(counters), decision, NOW)
      const lines = [...headersOf(counters, decision)].map(([name, value]) => `${name}: ${value}\r\n`)
      expect(bytes.view.toString('latin1')).toBe(lines.join(''))
    }),
  )
})

const admitted = (remaining: number[], resetAtMs: number[]): Decision => ({
  outcome: 'admitted',
  remaining,
  resetAtMs,
  violated: [],
})

describe('the fields of an admitted call', () => {
  test('tell what a quota that never refuses includes, and warn of it from 80 % on', () => {
    const amount = 10_000_000_000_000
    const soft = counter({
      id: 'calls-month',
      kind: 'quota',
      amount,
      allowance: 1000,
      windowMs: 0,
      periodEndMs: 1000,
    })
    const after = (used: number) =>
      headersOf([counter({ amount: 5000 }), soft], admitted([1, amount - used], [NOW, NOW]))
    const rates = [799, 800, 1000, 1200].map((used) => {
      const headers = after(used)
      expect(headers.get('X-RateLimit-Limit')).toBe('5000')
      expect(listOf(headers.get('RateLimit-Policy'))[1]).toMatchObject({ id: 'calls-month', q: 1000 })
      return [listOf(headers.get('RateLimit'))[1]?.r, headers.get('X-Gatez-Quota')]
    })
    expect(rates).toEqual([
      [201, undefined],
      [200, '"calls-month";used=800;q=1000'],
      [0, '"calls-month";used=1000;q=1000'],
      [0, '"calls-month";used=1200;q=1000'],
    ])
    expect(headersOf([soft], admitted([amount - 1200], [NOW])).get('X-RateLimit-Remaining')).toBe('0')
  })

  test('name every limit with what is left and when more comes', () => {
    const counters = [
      counter(),
      counter({ id: 'tenant-day', amount: 1_000, windowMs: 86_400_000 }),
      counter({
        id: 'calls-month',
        kind: 'quota',
        amount: 5_000,
        windowMs: 0,
        periodStartMs: Date.UTC(2026, 2, 1),
        periodEndMs: Date.UTC(2026, 3, 1),
      }),
    ]
    const headers = headersOf(
      counters,
      admitted([99, 10, 4_000], [NOW + 60_000, NOW + 1, Date.UTC(2026, 3, 1)]),
    )
    expect(listOf(headers.get('RateLimit-Policy'))).toEqual([
      { id: 'tenant-minute', q: 100, w: 60 },
      { id: 'tenant-day', q: 1_000, w: 86_400 },
      { id: 'calls-month', q: 5_000, w: 31 * 86_400 },
    ])
    expect(listOf(headers.get('RateLimit'))).toEqual([
      { id: 'tenant-minute', r: 99, t: 60 },
      { id: 'tenant-day', r: 10, t: 1 },
      { id: 'calls-month', r: 4_000, t: 21.5 * 86_400 },
    ])
    expect(headers.has('Retry-After')).toBe(false)
  })

  test('X-RateLimit-* is of the limit that leaves the fewest calls, not the smallest number', () => {
    const counters = [
      counter({ id: 'requests', amount: 100 }),
      counter({ id: 'units', amount: 1_000, cost: 50 }),
    ]
    const headers = headersOf(counters, admitted([30, 200], [NOW + 1_000, NOW + 1_500]))
    expect(headers.get('X-RateLimit-Limit')).toBe('1000')
    expect(headers.get('X-RateLimit-Remaining')).toBe('200')
    expect(headers.get('X-RateLimit-Reset')).toBe(String(Math.ceil((NOW + 1_500) / 1_000)))
  })

  test('a call without limits gets none of them', () => {
    expect(headersOf([], admitted([], [])).size).toBe(0)
  })
})

describe('the fields of a refused call', () => {
  const counters = [counter({ id: 'short' }), counter({ id: 'long', amount: 1_000, windowMs: 86_400_000 })]

  test.each([
    {
      violated: [0],
      resetAtMs: [NOW + 1_500, NOW + 90_000],
      retryAfter: '2',
      limit: '100',
      why: 'never too early',
    },
    {
      violated: [0, 1],
      resetAtMs: [NOW + 1_500, NOW + 90_000],
      retryAfter: '90',
      limit: '1000',
      why: 'the one that frees last',
    },
    {
      violated: [1],
      resetAtMs: [NOW + 1, NOW + 1],
      retryAfter: '1',
      limit: '1000',
      why: 'at least a second',
    },
    {
      violated: [0],
      resetAtMs: [NOW - 5, NOW],
      retryAfter: '1',
      limit: '100',
      why: 'also when the clocks differ',
    },
  ])('Retry-After says $retryAfter: $why', ({ violated, resetAtMs, retryAfter, limit }) => {
    const headers = headersOf(counters, { outcome: 'refused', remaining: [0, 0], resetAtMs, violated })
    expect(headers.get('Retry-After')).toBe(retryAfter)
    expect(headers.get('X-RateLimit-Limit')).toBe(limit)
    expect(headers.get('X-RateLimit-Remaining')).toBe('0')
  })
})

test('whatever the limits, the fields are structured fields with whole numbers of 0 or more', () => {
  const limits = fc.array(
    fc.record({
      id: fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,63}$/),
      amount: fc.integer({ min: 1, max: 1_000_000_000 }),
      cost: fc.integer({ min: 1, max: 1_000_000 }),
      windowMs: fc.integer({ min: 1, max: 400 * 86_400_000 }),
      remaining: fc.integer({ min: 0, max: 1_000_000_000 }),
      resetInMs: fc.integer({ min: -1_000, max: 400 * 86_400_000 }),
    }),
    { minLength: 1, maxLength: 6 },
  )
  fc.assert(
    fc.property(limits, fc.boolean(), (specs, refused) => {
      const counters = specs.map((spec) => counter(spec))
      const decision: Decision = {
        outcome: refused ? 'refused' : 'admitted',
        remaining: specs.map((spec) => spec.remaining),
        resetAtMs: specs.map((spec) => NOW + spec.resetInMs),
        violated: refused ? specs.map((_spec, index) => index) : [],
      }
      const headers = headersOf(counters, decision)
      const states = listOf(headers.get('RateLimit'))
      expect(states.map((state) => state.id)).toEqual(specs.map((spec) => spec.id))
      for (const [index, { t, r }] of states.entries()) {
        expect(r).toBe(specs[index]!.remaining)
        expect(Number.isInteger(t) && Number(t) >= 0 && Number(t) * 1_000 >= specs[index]!.resetInMs).toBe(
          true,
        )
      }
      for (const name of ['X-RateLimit-Limit', 'X-RateLimit-Remaining', 'X-RateLimit-Reset']) {
        expect(parseItem(headers.get(name)!)[0]).toBeGreaterThanOrEqual(0)
      }
      if (!refused) return
      const waitMs = Number(headers.get('Retry-After')) * 1_000
      expect(waitMs).toBeGreaterThanOrEqual(Math.max(...specs.map((spec) => spec.resetInMs)))
    }),
    { numRuns: 500 },
  )
})
