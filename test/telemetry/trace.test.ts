import { expect, test } from 'vitest'
import { Tracer, traceparentOf } from '../../src/telemetry/trace.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = '00f067aa0ba902b7'

test('a call goes on with the trace of its client, under a span of its own', () => {
  const trace = new Tracer(null).begin(`00-${TRACE}-${PARENT}-01`)
  expect(trace).toMatchObject({ traceId: TRACE, parentId: PARENT, sampled: true, exported: false })
  expect(traceparentOf(trace)).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`))
  expect(trace.spanId).not.toBe(PARENT)
})

test.each<[string | undefined, string]>([
  [undefined, 'none'],
  ['', 'an empty one'],
  [`00-${TRACE}-${PARENT}`, 'one without flags'],
  [`00-${TRACE}-${PARENT}-01-more`, 'one of the first version with more behind it'],
  [`ff-${TRACE}-${PARENT}-01`, 'one of a version that cannot be'],
  [`00-${'0'.repeat(32)}-${PARENT}-01`, 'a trace of zeros'],
  [`00-${TRACE}-${'0'.repeat(16)}-01`, 'a span of zeros'],
  [`00-${TRACE.toUpperCase()}-${PARENT}-01`, 'capital letters'],
  [`00-${TRACE}-${PARENT}-01, 00-${TRACE}-${PARENT}-01`, 'two of them'],
])('%j begins a trace of its own: %s', (field) => {
  const tracer = new Tracer(null)
  const [one, other] = [tracer.begin(field), tracer.begin(field)]
  for (const trace of [one, other]) {
    expect(trace).toMatchObject({ parentId: '', sampled: false })
    expect(traceparentOf(trace)).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/)
    expect(trace.traceId).not.toBe(TRACE)
  }
  expect(one.traceId).not.toBe(other.traceId)
})

test('a later version is read as far as it is that of the first one', () => {
  const trace = new Tracer(null).begin(`cc-${TRACE}-${PARENT}-01-what-comes`)
  expect(traceparentOf(trace)).toMatch(new RegExp(`^00-${TRACE}-`))
})

test('as many traces are exported as the file says, and the same ones everywhere', () => {
  const [here, there] = [new Tracer(0.25), new Tracer(0.25)]
  let exported = 0
  for (let index = 0; index < 4_000; index += 1) {
    const trace = here.begin(undefined)
    const passedOn = there.begin(traceparentOf(trace))
    expect([passedOn.exported, trace.sampled]).toEqual([trace.exported, trace.exported])
    if (trace.exported) exported += 1
  }
  expect(exported).toBeGreaterThan(850)
  expect(exported).toBeLessThan(1_150)
})
