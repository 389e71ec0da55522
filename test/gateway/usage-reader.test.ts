import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { UsageReader } from '../../src/gateway/usage-reader.ts'
import { UsageScanner } from '../../src/gateway/usage-scanner.ts'

const JSON_ANSWER = { 'content-type': 'application/json; charset=utf-8' }
const EVENT_STREAM = { 'content-type': 'text/event-stream' }

/** Hands a text over in pieces that end at `cuts`, and reads it. */
function read(headers: Record<string, string>, text: string, cuts: readonly number[] = []): UsageReader {
  const reader = UsageReader.of(headers)
  if (reader === undefined) throw new Error('it should be read')
  for (const piece of cutUp(text, cuts)) reader.push(piece)
  reader.end()
  return reader
}

function cutUp(text: string, cuts: readonly number[]): readonly Buffer[] {
  const bytes = Buffer.from(text)
  const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return edges.slice(1).map((end, index) => bytes.subarray(edges[index], end))
}

describe('a JSON answer', () => {
  test.each([
    { text: '{"id":"x","usage":{"total_tokens":12}}', value: '12', why: 'as OpenAI has it' },
    { text: '{"usage":{"total_tokens":12},"data":[1,2]}', value: '12', why: 'before the rest' },
    { text: '{"response":{"usage":{"total_tokens":7}}}', value: '7', why: 'within response' },
    { text: '{"message":{"usage":{"total_tokens":7}}}', value: '7', why: 'within message' },
    { text: '{"a":{"usage":{"total_tokens":7}}}', value: undefined, why: 'within anything else' },
    { text: '[{"usage":{"total_tokens":7}}]', value: undefined, why: 'within a list' },
    { text: '{"text":"\\"usage\\":{\\"total_tokens\\":9}"}', value: undefined, why: 'in a text only' },
    { text: '{"a":"\\\\","usage":{"total_tokens":9}}', value: '9', why: 'behind an escaped backslash' },
    { text: '{"usage":{"total_tokens":1},"usage":{"total_tokens":2}}', value: '2', why: 'twice: the last' },
    { text: '{"usage":null}', value: undefined, why: 'that says null' },
    { text: '{"usage":{"total_tokens":"12"}}', value: '12', why: 'as a text' },
    {
      text: '{"usage":{"total_tokens":9007199254740993.5}}',
      value: '9007199254740993.5',
      why: 'no float holds',
    },
    { text: '{"usage":{"total_tokens":1e3}}', value: '1e3', why: 'as it was written, whoever takes it' },
    { text: '{"usage":{"total_tokens":12}', value: undefined, why: 'that breaks off within the answer' },
    { text: '{"usage":{"total_tokens":12', value: undefined, why: 'that breaks off itself' },
    { text: '{ "usage" : { "total_tokens" : 12 } }', value: '12', why: 'with blanks' },
    { text: 'usage: 12', value: undefined, why: 'that is no JSON' },
    { text: '', value: undefined, why: 'of nothing' },
    {
      text: '}}]]{"usage":{"total_tokens":5}}',
      value: undefined,
      why: 'with brackets that were never opened',
    },
  ])('usage $why', ({ text, value }) => {
    expect(read(JSON_ANSWER, text).value('total_tokens')).toBe(value)
  })

  test('fields within fields are named with dots', () => {
    const text = '{"usage":{"prompt_tokens":10,"prompt_tokens_details":{"cached_tokens":4,"x":[1]}}}'
    const reader = read(JSON_ANSWER, text)
    expect(reader.value('prompt_tokens_details.cached_tokens')).toBe('4')
    expect(reader.value('prompt_tokens_details.x')).toBeUndefined()
    expect(reader.value('constructor')).toBeUndefined()
  })

  test('a usage object without end is given up, and nothing of it is kept', () => {
    const reader = read(JSON_ANSWER, `{"usage":{"total_tokens":1,"x":"${'y'.repeat(20_000)}"}}`)
    expect([reader.value('total_tokens'), reader.tooLong]).toEqual([undefined, true])
  })

  test('is found wherever it stands and however the bytes are cut, as JSON.parse finds it', () => {
    const usage = fc.record({ total_tokens: fc.nat(), note: fc.string({ unit: 'grapheme', maxLength: 20 }) })
    const answer = fc.tuple(
      fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 4 }), { maxKeys: 5 }),
      usage,
      fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 4 }), { maxKeys: 5 }),
    )
    fc.assert(
      fc.property(answer, fc.array(fc.nat(), { maxLength: 8 }), ([before, own, after], cuts) => {
        const { usage: _, ...rest } = after
        const text = JSON.stringify({ ...before, usage: own, ...rest })
        const scanner = new UsageScanner()
        for (const piece of cutUp(text, cuts)) scanner.push(piece)
        expect(JSON.parse(scanner.found ?? 'null')).toEqual(JSON.parse(text).usage)
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('a stream of events', () => {
  const chunk = (usage: unknown) =>
    `data: ${JSON.stringify({ choices: [{ delta: { content: 'a\n"b' } }], usage })}`

  test.each(['\n', '\r\n', '\r'])('ends its lines with %j, wherever it is cut', (end) => {
    const events = [chunk(null), ': note', `event: x${end}${chunk({ total_tokens: 42 })}`, 'data: [DONE]']
    const text = events.map((event) => event + end + end).join('')
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 12 }), (cuts) => {
        expect(read(EVENT_STREAM, text, cuts).value('total_tokens')).toBe('42')
      }),
      { numRuns: 500 },
    )
  })

  test('of several usage objects the last counts, field by field', () => {
    const events = [
      'event: message_start\ndata: {"message":{"usage":{"input_tokens":25,"output_tokens":1}}}',
      'event: message_delta\ndata: {"usage":{"output_tokens":15}}',
    ]
    const reader = read(EVENT_STREAM, events.map((event) => `${event}\n\n`).join(''))
    expect([reader.value('input_tokens'), reader.value('output_tokens')]).toEqual(['25', '15'])
  })

  test('an event that is no JSON spoils none after it', () => {
    const text = `data: {"usage":{"total\n\ndata: "}}\n\n${chunk({ total_tokens: 3 })}\n\n`
    expect(read(EVENT_STREAM, text).value('total_tokens')).toBe('3')
  })

  test('data on several lines is one text; the last event may lack its end', () => {
    const text = 'data: {"usage":\ndata: {"total_tokens":\ndata:8}}\n'
    expect(read(EVENT_STREAM, text).value('total_tokens')).toBe('8')
  })
})

test.each([
  { headers: {}, why: 'without a Content-Type' },
  { headers: { 'content-type': 'text/html' }, why: 'of another kind' },
  { headers: { ...JSON_ANSWER, 'content-encoding': 'gzip' }, why: 'with a coding' },
])('an answer $why is not read', ({ headers }) => {
  expect(UsageReader.of(headers)).toBeUndefined()
})
