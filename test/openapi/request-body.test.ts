import { describe, expect, test } from 'vitest'
import { bodyFaults, ruleOf, type Version } from './document-text.ts'

const BOTH = ['3.0.3', '3.1.0'] as const satisfies readonly Version[]

interface Row {
  readonly schema: unknown
  readonly body: unknown
  readonly faults: readonly string[]
  readonly why: string
}

describe.each(BOTH)('a body against a schema of %s', (version) => {
  const item = { type: 'object', required: ['sku'], properties: { sku: { type: 'string', minLength: 2 } } }

  test.each<Row>([
    { schema: { type: 'object' }, body: {}, faults: [], why: 'it fits' },
    { schema: { type: 'object' }, body: [], faults: ['must be an object'], why: 'the body itself' },
    {
      schema: { type: 'object', required: ['a/b~'] },
      body: {},
      faults: ['/a~1b~0 must be given'],
      why: 'missing',
    },
    {
      schema: { required: ['constructor'] },
      body: {},
      faults: ['/constructor must be given'],
      why: 'not inherited',
    },
    {
      schema: { properties: { toString: { type: 'string' } } },
      body: {},
      faults: [],
      why: 'nor is it checked',
    },
    {
      schema: { properties: { a: { type: 'integer' } } },
      body: { a: '1' },
      faults: ['/a must be a whole number'],
      why: 'text is no number in JSON',
    },
    {
      schema: { type: 'array', items: item },
      body: [{ sku: 'ab' }, { sku: 'a' }, {}],
      why: 'all of the list',
      faults: ['/1/sku must have at least 2 characters', '/2/sku must be given'],
    },
    {
      schema: { properties: {}, additionalProperties: false },
      body: { a: 1 },
      faults: ['/a must not be given'],
      why: 'no more fields',
    },
    { schema: { additionalProperties: true }, body: { a: 1 }, faults: [], why: 'more fields' },
    {
      schema: { additionalProperties: { type: 'number' } },
      body: { a: 1, b: '' },
      faults: ['/b must be a number'],
      why: 'more of a kind',
    },
    { schema: { enum: ['a', 'b', 3] }, body: 'c', faults: ['must be one of "a", "b", 3'], why: 'values' },
    { schema: { multipleOf: 0.01 }, body: 19.99, faults: [], why: 'cents' },
    {
      schema: { multipleOf: 0.01 },
      body: 19.999,
      faults: ['must be a multiple of 0.01'],
      why: 'less than a cent',
    },
    { schema: { type: 'number' }, body: JSON.parse('1e999'), faults: ['must be a number'], why: 'too large' },
    {
      schema: { uniqueItems: true },
      body: [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
      faults: ['must not hold an item twice'],
      why: 'whatever the order',
    },
    {
      schema: { pattern: '^[\\w-.]+$' },
      body: 'a b',
      faults: ['must match the pattern ^[\\w-.]+$'],
      why: 'a lenient pattern',
    },
    { schema: { pattern: '^\\p{Lu}$' }, body: 'Ä', faults: [], why: 'a strict pattern' },
    {
      schema: { anyOf: [{ required: ['a'] }, { required: ['b'] }] },
      body: {},
      faults: ['must fit at least one of the described forms'],
      why: 'one fault for many forms',
    },
    {
      schema: { oneOf: [{ required: ['a'] }, { required: ['b'] }] },
      body: { a: 1, b: 1 },
      faults: ['must fit exactly one of the described forms'],
      why: 'not two',
    },
    {
      schema: { oneOf: [{ required: ['a'] }] },
      body: {},
      faults: ['/a must be given'],
      why: 'one form is told',
    },
    {
      schema: { not: { required: ['a'] } },
      body: { a: 1 },
      faults: ['must not fit the form that is ruled out'],
      why: 'not',
    },
    {
      schema: { allOf: [{ required: ['a'] }, { required: ['b'] }] },
      body: {},
      faults: ['/a must be given', '/b must be given'],
      why: 'all forms',
    },
    { schema: { format: 'whatever', type: 'string' }, body: 'x', faults: [], why: 'an unknown format' },
    {
      schema: { type: 'string', example: 7, 'x-a': { $ref: 'b.yaml' }, discriminator: {}, xml: {} },
      body: 'x',
      faults: [],
      why: 'notes',
    },
    { schema: { required: null, items: null }, body: [1], faults: [], why: 'nothing behind a colon' },
    {
      schema: { type: 'object', required: ['id', 'a'], properties: { id: { readOnly: true }, a: {} } },
      body: {},
      faults: ['/a must be given'],
      why: 'only answers need what is readOnly',
    },
  ])('$why', ({ schema, body, faults }) => {
    expect(bodyFaults(version, schema, body)).toEqual(faults)
  })

  test('recursive schemas are followed to any depth', () => {
    const schemas = {
      Node: {
        type: 'object',
        required: ['name'],
        properties: { kids: { type: 'array', items: { $ref: '#/components/schemas/Node' } } },
      },
    }
    const body = { name: 1, kids: [{ name: 1, kids: [{}] }] }
    expect(bodyFaults(version, { $ref: '#/components/schemas/Node' }, body, schemas)).toEqual([
      '/kids/0/kids/0/name must be given',
    ])
  })

  test('references may lead anywhere in the document', () => {
    const ref = '#/paths/~1x/post/requestBody/content/application~1json/schema/properties/a'
    const schema = { properties: { a: { type: 'integer' }, b: { $ref: ref } } }
    expect(bodyFaults(version, schema, { b: 'x' })).toEqual(['/b must be a whole number'])
  })

  test('a schema of nothing but itself fails, and ends', () => {
    const schemas = { Loop: { allOf: [{ $ref: '#/components/schemas/Loop' }] } }
    expect(bodyFaults(version, { $ref: '#/components/schemas/Loop' }, {}, schemas)).toEqual([
      'must be small enough to be checked',
    ])
  })

  test('20 faults are told at most', () => {
    const body = Array.from({ length: 100 }, () => 'secret')
    const faults = bodyFaults(version, { type: 'array', items: { type: 'integer' } }, body)
    expect(faults).toHaveLength(20)
    expect(faults.join()).not.toContain('secret')
  })

  test('of a body with very many faults the first is told, soon', () => {
    const body = Array.from({ length: 200_000 }, () => ({}))
    const schema = { type: 'array', uniqueItems: true, items: { $ref: '#/components/schemas/Item' } }
    expect(bodyFaults(version, schema, body, { Item: item })).toEqual(['/0/sku must be given'])
  })

  test('a check that would grow without bound is ended', () => {
    const self = { $ref: '#/components/schemas/Twin' }
    const twice = { properties: { next: { anyOf: [self, self] }, leaf: { type: 'integer' } } }
    let body: object = { leaf: 'x' }
    for (let depth = 0; depth < 40; depth += 1) body = { next: body }
    expect(bodyFaults(version, self, body, { Twin: twice })).toEqual(['must be small enough to be checked'])
  })

  test('a very long name is cut short where it is told', () => {
    const [fault = ''] = bodyFaults(version, { additionalProperties: false }, { ['a'.repeat(10_000)]: 1 })
    expect(fault.length).toBeLessThan(300)
  })
})

test.each([
  { requestBody: { required: true, content: {} }, required: true },
  { requestBody: { content: {} }, required: false },
])('a body is required only where the document says so', ({ requestBody, required }) => {
  expect(ruleOf('3.0.3', { requestBody }).bodyRequired).toBe(required)
})

test('JSON without a schema is not looked into', () => {
  const rule = ruleOf('3.0.3', { requestBody: { content: { 'application/json': {} } } })
  expect(rule.bodyKind('application/json')).toBe('json')
  expect(rule.checkBody('application/json', 'anything')).toEqual([])
})
