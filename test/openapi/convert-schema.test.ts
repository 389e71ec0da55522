import { describe, expect, test } from 'vitest'
import { bodyFaults } from './document-text.ts'

interface Row {
  readonly schema: unknown
  readonly body: unknown
  readonly faults: readonly string[]
  readonly why: string
}

describe('what only 3.0 says', () => {
  const Thing = { type: 'object' }
  const ref = { $ref: '#/components/schemas/Thing' }

  test.each<Row>([
    { schema: { type: 'string', nullable: true }, body: null, faults: [], why: 'null passes' },
    {
      schema: { type: 'string', nullable: true },
      body: 1,
      faults: ['must be text'],
      why: 'else the type holds',
    },
    { schema: { type: 'string' }, body: null, faults: ['must be text'], why: 'null is not text' },
    { schema: { type: 'string', nullable: true, enum: ['a'] }, body: null, faults: [], why: 'beside enum' },
    { schema: { nullable: true, allOf: [ref] }, body: null, faults: [], why: 'beside allOf' },
    { schema: { ...ref, nullable: true }, body: null, faults: [], why: 'beside $ref' },
    { schema: { ...ref, required: ['a'] }, body: {}, faults: [], why: 'nothing else counts beside $ref' },
    {
      schema: { minimum: 5, exclusiveMinimum: true },
      body: 5,
      faults: ['must be more than 5'],
      why: 'exclusive',
    },
    {
      schema: { maximum: 5, exclusiveMaximum: true },
      body: 5,
      faults: ['must be less than 5'],
      why: 'exclusive',
    },
    { schema: { minimum: 5, exclusiveMinimum: false }, body: 5, faults: [], why: 'inclusive' },
    {
      schema: JSON.parse('{ "const": 5, "if": {}, "then": false }'),
      body: 6,
      faults: [],
      why: 'keywords that came later are notes',
    },
  ])('$why: $schema', ({ schema, body, faults }) => {
    expect(bodyFaults('3.0.3', schema, body, { Thing })).toEqual(faults)
  })
})

describe('what only 3.1 says', () => {
  test.each<Row>([
    { schema: { type: ['string', 'null'] }, body: null, faults: [], why: 'null is a type' },
    {
      schema: { type: ['string', 'null'] },
      body: 1,
      faults: ['must be text or null'],
      why: 'types are told',
    },
    {
      schema: { anyOf: [{ type: 'integer', minimum: 5 }, { type: 'null' }] },
      body: 1,
      faults: ['must be at least 5'],
      why: 'a form or null',
    },
    {
      schema: { type: 'string', nullable: true },
      body: null,
      faults: ['must be text'],
      why: 'nullable is gone',
    },
    {
      schema: { minimum: 5, exclusiveMinimum: true },
      body: 5,
      faults: ['must be more than 5'],
      why: 'the old way, too',
    },
    { schema: { exclusiveMinimum: 5 }, body: 5, faults: ['must be more than 5'], why: 'a limit of its own' },
    { schema: { const: null }, body: 1, faults: ['must be null'], why: 'const' },
    {
      schema: JSON.parse('{ "if": { "required": ["a"] }, "then": { "required": ["b"] } }'),
      body: { a: 1 },
      faults: ['/b must be given'],
      why: 'if',
    },
    {
      schema: { prefixItems: [{ type: 'integer' }], items: false },
      body: ['x', 2],
      faults: ['/0 must be a whole number', '/1 must not be given'],
      why: 'tuples',
    },
    {
      schema: { contains: { type: 'integer' } },
      body: ['x', 'y'],
      faults: ['must hold items as described'],
      why: 'contains',
    },
    {
      schema: { contains: { type: 'integer' }, maxContains: 1 },
      body: [1, 2],
      faults: ['must hold items as described'],
      why: 'not too many',
    },
    {
      schema: { propertyNames: { pattern: '^a' } },
      body: { b: 1 },
      faults: ['must only have field names as described'],
      why: 'names',
    },
    {
      schema: { patternProperties: { '^a': { type: 'integer' } } },
      body: { ab: '' },
      faults: ['/ab must be a whole number'],
      why: 'names by pattern',
    },
    {
      schema: { dependentRequired: { a: ['b'] } },
      body: { a: 1 },
      faults: ['/b must be given together with a'],
      why: 'together',
    },
    {
      schema: { $ref: '#/components/schemas/Base', required: ['b'] },
      body: {},
      faults: ['/a must be given', '/b must be given'],
      why: 'beside $ref',
    },
    {
      schema: { allOf: [{ $ref: '#/components/schemas/Base' }], unevaluatedProperties: false },
      body: { a: 1, c: 1 },
      faults: ['/c must not be given'],
      why: 'the rest',
    },
    {
      schema: {
        anyOf: [{ $ref: '#/components/schemas/Base' }, { required: ['z'] }],
        unevaluatedProperties: false,
      },
      body: { a: 1 },
      faults: [],
      why: 'the rest of a form',
    },
    { schema: false, body: 1, faults: ['must not be given'], why: 'nothing' },
    { schema: true, body: 1, faults: [], why: 'anything' },
  ])('$why: $schema', ({ schema, body, faults }) => {
    const Base = { type: 'object', required: ['a'], properties: { a: { type: 'integer' } } }
    expect(bodyFaults('3.1.0', schema, body, { Base })).toEqual(faults)
  })
})
