import { describe, expect, test } from 'vitest'
import { documentOf, problemOf, ruleOf, rulesOf } from './document-text.ts'

const YAML = `
openapi: 3.1.0
info: { title: Lookup, version: '1' }
servers: [{ url: https://api.example.com/base }]
paths:
  /v1/lookup/{id}:
    parameters:
      - { name: id, in: path, required: true, schema: { type: integer } }
    get:
      parameters:
        - $ref: '#/components/parameters/Limit'
  /v1/orders:
    post:
      requestBody:
        $ref: '#/components/requestBodies/Order'
components:
  parameters:
    Limit: { name: limit, in: query, schema: { type: integer, maximum: 10 } }
  requestBodies:
    Order:
      required: true
      content:
        application/json:
          schema: { type: object, required: [amount] }
`

const none = () => undefined

test('YAML is read, with references to parameters and bodies, and parameters of the whole path', () => {
  const rules = rulesOf(YAML)
  expect(rules.find('GET', '/v1/lookup/x')!.checkHead('/v1/lookup/x', 'limit=11', none)).toEqual(
    [
      { where: 'query', pointer: 'limit', message: 'must be at most 10' },
      { where: 'path', pointer: 'id', message: 'must be a whole number' },
    ].toReversed(),
  )
  const order = rules.find('POST', '/v1/orders')!
  expect(order.bodyRequired).toBe(true)
  expect(order.checkBody('application/json', {})).toEqual([
    { where: 'body', pointer: '/amount', message: 'must be given' },
  ])
})

test('an operation may describe a parameter of its path anew', () => {
  const parameter = (maximum: number) => [{ name: 'n', in: 'query', schema: { type: 'integer', maximum } }]
  const rules = rulesOf(
    documentOf('3.0.3', { '/x': { parameters: parameter(1), get: { parameters: parameter(5) } } }),
  )
  expect(rules.find('GET', '/x')!.checkHead('/x', 'n=5', none)).toEqual([])
  expect(rules.find('GET', '/x')!.checkHead('/x', 'n=6', none)).toHaveLength(1)
})

test('a path may refer to a path item', () => {
  const text = documentOf(
    '3.1.0',
    { '/x': { $ref: '#/components/pathItems/X' } },
    { pathItems: { X: { get: {} } } },
  )
  expect(rulesOf(text).find('GET', '/x')).toBeDefined()
})

describe('operations', () => {
  const get = { get: {} }
  const rules = rulesOf(
    documentOf('3.0.3', {
      '/users/{id}': { get: {}, delete: {} },
      '/users/me': get,
      '/{kind}/me': get,
      '/files/{name}.json': get,
      '/files/{name}': get,
      '/jobs/{id}:cancel': { post: {} },
      '/a/{x}-{y}/b': get,
      '/straße/{id}': get,
      '/': get,
    }),
  )

  test.each([
    { method: 'GET', path: '/users/7', found: '/users/{id}', why: 'a parameter takes a segment' },
    { method: 'GET', path: '/users/me', found: '/users/me', why: 'a literal goes before a parameter' },
    { method: 'DELETE', path: '/users/me', found: '/users/{id}', why: 'other methods hide nothing' },
    { method: 'GET', path: '/teams/me', found: '/{kind}/me', why: 'a parameter may stand first' },
    {
      method: 'GET',
      path: '/files/a.json',
      found: '/files/{name}.json',
      why: 'text beside goes before none',
    },
    { method: 'GET', path: '/files/a.xml', found: '/files/{name}', why: 'and only where it fits' },
    { method: 'GET', path: '/files/.json', found: '/files/{name}', why: 'a parameter is never empty' },
    { method: 'POST', path: '/jobs/7:cancel', found: '/jobs/{id}:cancel', why: 'a verb after a colon' },
    { method: 'GET', path: '/a/1-2-3/b', found: '/a/{x}-{y}/b', why: 'two parameters in a segment' },
    { method: 'GET', path: '/stra%C3%9Fe/7', found: '/straße/{id}', why: 'paths are compared normalized' },
    { method: 'GET', path: '/', found: '/', why: 'the root is a path' },
    { method: 'GET', path: '/users/', found: undefined, why: 'an empty segment is no value' },
    { method: 'GET', path: '/users/7/x', found: undefined, why: 'a parameter takes no slash' },
    { method: 'GET', path: '/a/12/b', found: undefined, why: 'the text between is missing' },
    { method: 'PUT', path: '/users/7', found: undefined, why: 'the method is not described' },
    { method: 'GET', path: '/base/users/7', found: undefined, why: 'base paths play no part' },
  ])('$method $path is $found: $why', ({ method, path, found }) => {
    expect(rules.find(method, path)?.template.text).toBe(found)
  })
})

describe('media types', () => {
  const kindOf = (types: readonly string[], contentType: string | undefined) => {
    const content = Object.fromEntries(types.map((type) => [type, { schema: { type: 'object' } }]))
    return ruleOf('3.0.3', { requestBody: { content } }).bodyKind(contentType)
  }

  test.each([
    { types: ['application/json'], given: 'application/json', kind: 'json', why: 'the same' },
    {
      types: ['Application/JSON'],
      given: 'APPLICATION/json; charset=utf-8',
      kind: 'json',
      why: 'case, parameters',
    },
    {
      types: ['application/json; v=1'],
      given: 'application/json',
      kind: 'json',
      why: 'parameters on both sides',
    },
    {
      types: ['application/vnd.x+json'],
      given: 'application/vnd.x+json',
      kind: 'json',
      why: '+json is JSON',
    },
    {
      types: ['application/*+json'],
      given: 'application/vnd.x+json',
      kind: 'json',
      why: 'a range of suffixes',
    },
    { types: ['application/*'], given: 'application/json', kind: 'json', why: 'a range' },
    { types: ['*/*'], given: 'application/json', kind: 'json', why: 'any' },
    { types: ['*/*'], given: 'text/plain', kind: 'other', why: 'any, not JSON' },
    { types: ['*/*'], given: undefined, kind: 'other', why: 'no type is bytes' },
    {
      types: ['multipart/form-data'],
      given: 'multipart/form-data; boundary=x',
      kind: 'other',
      why: 'not JSON',
    },
    { types: ['application/json'], given: undefined, kind: 'unsupported', why: 'bytes are not JSON' },
    { types: ['application/json'], given: 'text/json', kind: 'unsupported', why: 'another type' },
    {
      types: ['application/json'],
      given: 'application/vnd.x+json',
      kind: 'unsupported',
      why: 'no range was given',
    },
    { types: ['text/*'], given: 'application/json', kind: 'unsupported', why: 'another range' },
    { types: ['*/*'], given: 'application/json, text/plain', kind: 'unsupported', why: 'two types are none' },
    { types: ['*/*'], given: 'json', kind: 'unsupported', why: 'no slash' },
    { types: [], given: 'text/plain', kind: 'none', why: 'no content is described' },
  ])('of $types, $given is $kind: $why', ({ types, given, kind }) => {
    expect(kindOf(types, given)).toBe(kind)
  })

  test('an operation without a body checks none', () => {
    const rule = ruleOf('3.0.3', {})
    expect([rule.bodyKind('text/plain'), rule.bodyRequired]).toEqual(['none', false])
    expect(rule.checkBody('application/json', 7)).toEqual([])
  })

  test('the narrowest range has the say', () => {
    const content = {
      '*/*': { schema: { type: 'array' } },
      'application/json': { schema: { type: 'object' } },
    }
    const rule = ruleOf('3.0.3', { requestBody: { content } })
    expect(rule.checkBody('application/json', {})).toEqual([])
    expect(rule.checkBody('application/vnd.x+json', {})).toHaveLength(1)
  })
})

describe('a document that cannot be used is a problem in words', () => {
  const withSchema = (schema: unknown, components: object = {}) =>
    documentOf(
      '3.1.0',
      { '/x': { post: { requestBody: { content: { 'application/json': { schema } } } } } },
      components,
    )
  const outside = 'leads out of the document; put what it names under components and refer to that'
  const body = 'POST /x: the schema of the application/json body cannot be used'

  test.each([
    { text: '', problem: 'the document must be an object with the field openapi' },
    { text: '{}', problem: 'the field openapi must be 3.0 or 3.1' },
    { text: 'openapi: 4.0.0', problem: 'the field openapi must be 3.0 or 3.1' },
    { text: "swagger: '2.0'", problem: 'the document is Swagger 2; only OpenAPI 3.0 and 3.1 are understood' },
    { text: 'a: [', problem: 'the document is not well-formed YAML or JSON: ' },
    { text: 'openapi: 3.1.0\npaths: { x: {} }', problem: 'the path x must begin with a slash' },
    { text: withSchema({ $ref: 'a.yaml#/X' }), problem: `${body}: the $ref a.yaml#/X ${outside}` },
    {
      text: withSchema({ $ref: 'https://x.test/a' }),
      problem: `${body}: the $ref https://x.test/a ${outside}`,
    },
    {
      text: withSchema({ $ref: '#/components/no' }),
      problem: `${body}: the $ref #/components/no leads nowhere`,
    },
    { text: withSchema({ $ref: '#/constructor' }), problem: `${body}: the $ref #/constructor leads nowhere` },
    {
      text: withSchema({ items: { $dynamicRef: '#a' } }),
      problem: `${body}: the $dynamicRef #a is not understood`,
    },
    { text: withSchema({ type: 'txt' }), problem: `${body}: schema is invalid: data/type must be` },
    {
      text: withSchema({ properties: { a: { oneOf: [{ type: 'txt' }, {}] } } }),
      problem: `${body}: schema is invalid: data/properties/a/oneOf/0/type must be`,
    },
    { text: withSchema({ minLength: 'a' }), problem: `${body}: schema is invalid: data/minLength` },
    { text: withSchema({ pattern: '[' }), problem: `${body}: Invalid regular expression` },
    { text: withSchema({ properties: [] }), problem: `${body}: properties must be an object of schemas` },
    { text: withSchema('text'), problem: `${body}: a schema must be an object` },
    {
      text: documentOf('3.0.3', { '/x': { get: { parameters: [{ in: 'query' }] } } }),
      problem: 'GET /x: a parameter must have a name and the field in',
    },
    {
      text: documentOf('3.0.3', {
        '/x': { get: { parameters: [{ name: 'p', in: 'query', schema: { type: 1 } }] } },
      }),
      problem: 'GET /x: the schema of the query parameter p cannot be used: schema is invalid: data/type',
    },
    {
      text: documentOf('3.0.3', { '/x': { $ref: 'paths.yaml' } }),
      problem: `/x: the $ref paths.yaml ${outside}`,
    },
    {
      text: documentOf('3.0.3', { '/x': { $ref: '#/paths/~1x' } }),
      problem: '/x: a $ref leads back to itself',
    },
    {
      text: documentOf('3.0.3', { '/x/{a}': { get: {} }, '/x/{b}': { get: {} } }),
      problem: 'GET /x/{a} and GET /x/{b} take the same requests',
    },
    { text: `openapi: 3.1.0\nx: ${'['.repeat(20_000)}${']'.repeat(20_000)}`, problem: 'the document' },
  ])('$problem', ({ text, problem }) => {
    expect(problemOf(text).slice(0, problem.length)).toBe(problem)
  })

  test('a fault in a shared schema names an operation that uses it', () => {
    const schemas = { Wrong: { properties: { a: { type: 'txt' } } } }
    expect(problemOf(withSchema({ $ref: '#/components/schemas/Wrong' }, { schemas }))).toContain(body)
  })

  test('what no operation uses is not looked at', () => {
    expect(problemOf(documentOf('3.1.0', {}, { schemas: { Wrong: { type: 'txt' } } }))).toBe('')
  })

  test('aliases that multiply are refused', () => {
    const lines = Array.from(
      { length: 12 },
      (_each, at) => `a${at + 1}: &a${at + 1} [${`*a${at},`.repeat(9)}]`,
    )
    expect(problemOf(['openapi: 3.1.0', 'a0: &a0 [1]', ...lines].join('\n'))).toContain('aliases')
  })
})
