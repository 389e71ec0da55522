import { describe, expect, test } from 'vitest'
import { parseMatch, pathShape } from '../../src/config/match.ts'

describe('a match is a method and a path', () => {
  test.each([
    { text: 'GET /v1/search', methods: ['GET'], path: '/v1/search' },
    { text: 'GET,POST /v1/items/{id}', methods: ['GET', 'POST'], path: '/v1/items/{id}' },
    { text: 'ANY /{rest*}', methods: [], path: '/{rest*}' },
    { text: 'GET /', methods: ['GET'], path: '/' },
    { text: 'GET /v1/items/', methods: ['GET'], path: '/v1/items/' },
    { text: 'PROPFIND   /caf%C3%A9', methods: ['PROPFIND'], path: '/caf%C3%A9' },
  ])('$text is understood', ({ text, methods, path }) => {
    expect(parseMatch(text)).toEqual({ value: { methods, path } })
  })

  test.each([
    { text: '/v1/search', problem: 'must be a method and a path' },
    { text: 'GET', problem: 'must be a method and a path' },
    { text: 'get /x', problem: '"get" is no method (did you mean GET?)' },
    { text: 'PSOT /x', problem: '"PSOT" is no method (did you mean POST?)' },
    { text: 'GET,ANY /x', problem: 'ANY stands alone' },
    { text: 'GET,GET /x', problem: 'names a method twice' },
    { text: 'TRACE /x', problem: 'TRACE cannot be routed' },
    { text: 'GET x', problem: 'the path must start with /' },
    { text: 'GET /a//b', problem: 'empty segment' },
    { text: 'GET /a/../b', problem: 'the segment ..' },
    { text: 'GET /a?b=c', problem: 'no query' },
    { text: 'GET /{rest*}/a', problem: '{rest*} must be the last segment' },
    { text: 'GET /{a}/{a}', problem: 'names {a} twice' },
    { text: 'GET /x{a}', problem: 'neither a name in braces' },
    { text: 'GET /a%2Fb', problem: 'no encoded slash' },
    { text: 'GET /é', problem: 'percent-encoded' },
    { text: 'GET /%c3', problem: 'percent-encoded' },
  ])('$text is refused: $problem', ({ text, problem }) => {
    expect(parseMatch(text)).toEqual({ problem: expect.stringContaining(problem) })
  })
})

test('routes of one shape differ only in the names of their parts', () => {
  expect(pathShape('/v1/{id}/x/{rest*}')).toBe(pathShape('/v1/{name}/x/{all*}'))
  expect(pathShape('/v1/{id}')).not.toBe(pathShape('/v1/{id*}'))
})
