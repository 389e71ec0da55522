import { describe, expect, test } from 'vitest'
import { documentOf, parameterFaults, rulesOf } from './document-text.ts'

const of = (schema: unknown, more: object = {}) => ({ schema, ...more })
const integer = of({ type: 'integer' })
const flag = of({ type: 'boolean' })
const list = (more: object = {}) => of({ type: 'array', items: { type: 'integer' } }, more)

describe('a text is taken for what its schema asks', () => {
  const whole = ['query p must be a whole number']
  const number = ['query p must be a number']
  const bool = ['query p must be true or false']

  test.each([
    { parameter: integer, query: 'p=12', faults: [], why: 'digits' },
    { parameter: integer, query: 'p=-0', faults: [], why: 'a minus' },
    { parameter: integer, query: 'p=1e3', faults: whole, why: 'no exponent in a whole number' },
    { parameter: integer, query: 'p=1.0', faults: whole, why: 'no point either' },
    { parameter: integer, query: 'p=01', faults: whole, why: 'no leading zero' },
    { parameter: integer, query: 'p=%201', faults: whole, why: 'no space' },
    { parameter: integer, query: 'p=+1', faults: whole, why: 'a plus is a space' },
    { parameter: integer, query: 'p=%2B1', faults: whole, why: 'nor a real plus' },
    { parameter: integer, query: 'p=0x1', faults: whole, why: 'no hexadecimals' },
    { parameter: integer, query: `p=${'9'.repeat(400)}`, faults: whole, why: 'not beyond all numbers' },
    { parameter: integer, query: 'p=', faults: whole, why: 'empty is no number' },
    { parameter: integer, query: 'p', faults: whole, why: 'nor is a name alone' },
    { parameter: of({ type: 'number' }), query: 'p=1e3', faults: [], why: 'an exponent in a number' },
    { parameter: of({ type: 'number' }), query: 'p=-1.5', faults: [], why: 'a fraction' },
    { parameter: of({ type: 'number' }), query: 'p=1e999', faults: number, why: 'too large to compare' },
    { parameter: of({ type: 'number' }), query: 'p=NaN', faults: number, why: 'no word is a number' },
    { parameter: of({ type: 'number' }), query: 'p=.5', faults: number, why: 'no point in front' },
    { parameter: flag, query: 'p=true', faults: [], why: 'the word' },
    { parameter: flag, query: 'p=TRUE', faults: bool, why: 'in lower case only' },
    { parameter: flag, query: 'p=1', faults: bool, why: 'no digit' },
    { parameter: of({ type: 'string' }), query: 'p=12', faults: [], why: 'digits are text too' },
    {
      parameter: of({ type: 'string', pattern: '^a b$' }),
      query: 'p=a+b',
      faults: [],
      why: 'plus is a space',
    },
    {
      parameter: of({ type: ['integer', 'string'], minimum: 5 }),
      query: 'p=x',
      faults: [],
      why: 'either type',
    },
    {
      parameter: of({ anyOf: [{ type: 'integer' }, { type: 'null' }] }),
      query: 'p=5',
      faults: [],
      why: 'or null',
    },
    {
      parameter: of({ allOf: [{ type: 'integer' }, { minimum: 5 }] }),
      query: 'p=5',
      faults: [],
      why: 'allOf',
    },
    { parameter: of({ enum: [1, 2] }), query: 'p=2', faults: [], why: 'types are known by the values' },
    { parameter: of({ enum: ['1', '2'] }), query: 'p=2', faults: [], why: 'of either kind' },
    { parameter: of({ enum: [1, 2] }), query: 'p=3', faults: ['query p must be one of 1, 2'], why: 'values' },
    { parameter: of({ minimum: 5 }), query: 'p=text', faults: [], why: 'no type is any type' },
    {
      parameter: of({ type: 'string' }),
      query: 'p=%FF',
      faults: ['query p must have well-formed escapes'],
      why: 'UTF-8',
    },
    { parameter: integer, query: 'p=1&p=2', faults: ['query p must be given only once'], why: 'one value' },
    {
      parameter: of({ type: 'integer', minimum: 5, multipleOf: 2 }),
      query: 'p=3',
      why: 'all faults are told',
      faults: ['query p must be at least 5', 'query p must be a multiple of 2'],
    },
  ])('?$query: $why', ({ parameter, query, faults }) => {
    expect([...parameterFaults('query', parameter, query)].sort()).toEqual([...faults].sort())
  })
})

describe('a parameter that is required', () => {
  test.each([
    {
      where: 'query',
      parameter: of({}, { required: true }),
      given: 'q=1',
      faults: ['query p must be given'],
    },
    { where: 'query', parameter: of({ type: 'string' }, { required: true }), given: 'p=', faults: [] },
    { where: 'query', parameter: { required: true }, given: '', faults: ['query p must be given'] },
    {
      where: 'header',
      parameter: of({}, { required: true }),
      given: undefined,
      faults: ['header p must be given'],
    },
    { where: 'query', parameter: integer, given: '', faults: [] },
    {
      where: 'query',
      parameter: of({ type: 'integer' }, { allowEmptyValue: true }),
      given: 'p=',
      faults: [],
    },
  ] as const)('$where $given: $faults', ({ where, parameter, given, faults }) => {
    expect(parameterFaults(where, parameter, given)).toEqual(faults)
  })

  test('parameters that are not described may be given', () => {
    expect(parameterFaults('query', integer, 'other=x&__proto__=y&p=1')).toEqual([])
  })
})

describe('lists', () => {
  const second = ['query p item 2 must be a whole number']

  test.each([
    { parameter: list(), query: 'p=1&p=2', faults: [], why: 'given again, as it is by default' },
    { parameter: list(), query: 'p=1', faults: [], why: 'one item is a list' },
    {
      parameter: list(),
      query: 'p=1,2',
      faults: ['query p item 1 must be a whole number'],
      why: 'no comma then',
    },
    { parameter: list(), query: 'p=1&p=x', faults: second, why: 'each item is checked' },
    { parameter: list({ explode: false }), query: 'p=1,2', faults: [], why: 'commas' },
    { parameter: list({ explode: false }), query: 'p=1,x', faults: second, why: 'each item again' },
    { parameter: list({ explode: false }), query: 'p=', faults: [], why: 'an empty list' },
    {
      parameter: list({ explode: false }),
      query: 'p=1&p=2',
      faults: ['query p must be given only once'],
      why: 'twice',
    },
    {
      parameter: list({ style: 'spaceDelimited', explode: false }),
      query: 'p=1%202+3',
      faults: [],
      why: 'spaces',
    },
    {
      parameter: list({ style: 'pipeDelimited', explode: false }),
      query: 'p=1|2%7c3',
      faults: [],
      why: 'bars',
    },
    {
      parameter: of({ type: 'array', items: { type: 'string' }, maxItems: 1 }, { explode: false }),
      query: 'p=a%2Cb',
      faults: [],
      why: 'an escaped comma separates nothing',
    },
    {
      parameter: of({ type: 'array', maxItems: 1 }),
      query: 'p=a&p=b',
      faults: ['query p must have at most 1 item'],
      why: 'the list itself is checked',
    },
    {
      parameter: of({ type: 'array', items: { anyOf: [{ type: 'integer' }, { enum: ['all', '7'] }] } }),
      query: 'p=1&p=all&p=7',
      faults: [],
      why: 'items may be of several types',
    },
    {
      parameter: of({ oneOf: [{ type: 'boolean' }, { type: 'array', items: { type: 'integer' } }] }),
      query: 'p=true',
      faults: [],
      why: 'a list or a word',
    },
  ])('?$query: $why', ({ parameter, query, faults }) => {
    expect(parameterFaults('query', parameter, query)).toEqual(faults)
  })

  test.each([
    { where: 'path', given: '1,2', faults: [] },
    { where: 'path', given: '1,x', faults: ['path p item 2 must be a whole number'] },
    { where: 'header', given: ' 1 , 2 ', faults: [] },
    { where: 'header', given: '1,,2', faults: ['header p item 2 must be a whole number'] },
  ] as const)('in $where, commas separate: $given', ({ where, given, faults }) => {
    expect(parameterFaults(where, list(), given)).toEqual(faults)
  })
})

describe('places', () => {
  test('a path parameter is decoded; its plus stays a plus', () => {
    expect(parameterFaults('path', of({ enum: ['a b+c'] }), 'a%20b+c')).toEqual([])
  })

  test('a parameter beside text is taken out of its segment', () => {
    const parameters = [{ name: 'id', in: 'path', required: true, schema: { type: 'integer' } }]
    const rules = rulesOf(documentOf('3.0.3', { '/jobs/{id}:cancel': { post: { parameters } } }))
    const faultsOf = (path: string) => rules.find('POST', path)!.checkHead(path, '', () => undefined)
    expect(faultsOf('/jobs/7:cancel')).toEqual([])
    expect(faultsOf('/jobs/x:cancel')).toHaveLength(1)
  })

  test('header fields are asked for in lower case', () => {
    const parameters = [{ name: 'X-Trace', in: 'header', schema: { format: 'uuid', type: 'string' } }]
    const rule = rulesOf(documentOf('3.0.3', { '/x': { get: { parameters } } })).find('GET', '/x')!
    const field = (name: string) => (name === 'x-trace' ? '7' : undefined)
    expect(rule.checkHead('/x', '', field)).toEqual([
      { where: 'header', pointer: 'X-Trace', message: 'must have the format uuid' },
    ])
  })

  test.each([
    { where: 'cookie', name: 'p' },
    { where: 'header', name: 'Accept' },
    { where: 'header', name: 'content-type' },
    { where: 'header', name: 'Authorization' },
  ])('$name in $where is not checked', ({ where, name }) => {
    const parameters = [{ name, in: where, required: true, schema: { type: 'integer' } }]
    const rule = rulesOf(documentOf('3.0.3', { '/x': { get: { parameters } } })).find('GET', '/x')!
    expect(rule.checkHead('/x', '', () => undefined)).toEqual([])
  })

  test.each([
    {
      parameter: of({ type: 'object' }, { style: 'deepObject', required: true }),
      query: 'p[a]=1',
      faults: [],
    },
    { parameter: of({ type: 'object' }, { required: true }), query: 'a=1', faults: [] },
    {
      parameter: of({ type: 'object' }, { explode: false, required: true }),
      query: '',
      faults: ['query p must be given'],
    },
  ])('of objects at most the presence is checked: $query', ({ parameter, query, faults }) => {
    expect(parameterFaults('query', parameter, query)).toEqual(faults)
  })

  test.each([
    { given: '{"a":1}', faults: [] },
    { given: '{"a":"x"}', faults: ['query p a must be a whole number'] },
    { given: '{', faults: ['query p must be JSON'] },
  ])('a parameter described as JSON is parsed: $given', ({ given, faults }) => {
    const schema = { type: 'object', properties: { a: { type: 'integer' } } }
    const parameter = { content: { 'application/json': { schema } } }
    expect(parameterFaults('query', parameter, `p=${encodeURIComponent(given)}`)).toEqual(faults)
  })
})

test('faults of all places are told at once, 20 at most, without what was sent', () => {
  const parameters = Array.from({ length: 30 }, (_each, at) => ({ name: `p${at}`, in: 'query', ...integer }))
  const rule = rulesOf(documentOf('3.1.0', { '/x': { get: { parameters } } })).find('GET', '/x')!
  const query = parameters.map(({ name }) => `${name}=secret`).join('&')
  const faults = rule.checkHead('/x', query, () => undefined)
  expect(faults).toHaveLength(20)
  expect(JSON.stringify(faults)).not.toContain('secret')
})
