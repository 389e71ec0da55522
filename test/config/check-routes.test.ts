import { describe, expect, test } from 'vitest'
import { linesOf } from './problems-of.ts'

function fileOf(apis: readonly string[]): string {
  const plans = 'plans: [{ id: free, routes: all }]'
  return ['version: 1', 'apis:', ...apis.map((api) => `  - ${api}`), plans].join('\n')
}

const api = (id: string, hosts: string, ...matches: readonly string[]) => {
  const routes = matches.map((match, index) => `{ id: ${id}-${index}, match: "${match}" }`)
  return `{ id: ${id}, hosts: [${hosts}], upstream: "http://127.0.0.1:9000", routes: [${routes.join(', ')}] }`
}

describe('routes that never answer the same request may stand together', () => {
  test.each([
    { why: 'other methods', apis: [api('a', '', 'GET /x', 'POST /x')] },
    { why: 'one method is more special than any', apis: [api('a', '', 'ANY /x', 'GET /x')] },
    { why: 'plain text is more special than a name', apis: [api('a', '', 'GET /x/{id}', 'GET /x/me')] },
    { why: 'a name is more special than the rest', apis: [api('a', '', 'GET /{rest*}', 'GET /{id}')] },
    { why: 'other hosts', apis: [api('a', 'a.example', 'GET /x'), api('b', 'b.example', 'GET /x')] },
    { why: 'a named host goes first', apis: [api('a', 'a.example', 'GET /x'), api('b', '', 'GET /x')] },
    { why: 'a slash at the end is another path', apis: [api('a', '', 'GET /x', 'GET /x/')] },
  ])('$why', ({ apis }) => {
    expect(linesOf(fileOf(apis))).toEqual([])
  })
})

describe('routes that answer the same requests are refused, both named', () => {
  test.each([
    { why: 'only the names differ', apis: [api('a', '', 'GET /{x}', 'GET /{y}')], both: 'a-1 and a-0' },
    { why: 'one method in common', apis: [api('a', '', 'GET,PUT /x', 'PUT,POST /x')], both: 'a-1 and a-0' },
    { why: 'two of any method', apis: [api('a', '', 'ANY /x', 'ANY /x')], both: 'a-1 and a-0' },
    {
      why: 'one host in common, whatever its case',
      apis: [api('a', 'x.example, y.example', 'GET /x'), api('b', 'Y.EXAMPLE', 'GET /x')],
      both: 'b-0 and a-0',
    },
    { why: 'no hosts at all', apis: [api('a', '', 'GET /x'), api('b', '', 'GET /x')], both: 'b-0 and a-0' },
  ])('$why', ({ apis, both }) => {
    const lines = linesOf(fileOf(apis))
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain(`routes ${both} (line 3) answer the same requests`)
  })
})
