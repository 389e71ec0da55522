import type { RequestRule } from '../../src/openapi/request-rule.ts'
import { RequestRules } from '../../src/openapi/request-rules.ts'

export type Version = '3.0.3' | '3.1.0'

/** A document of the given paths, as JSON. */
export function documentOf(version: Version, paths: object, components: object = {}): string {
  return JSON.stringify({ openapi: version, info: { title: 'Test', version: '1' }, paths, components })
}

/** The rules of a text that must be fine. */
export function rulesOf(text: string): RequestRules {
  const rules = RequestRules.read(text)
  if ('problem' in rules) throw new Error(rules.problem)
  return rules
}

/** What stands in the way of a text; empty if nothing does. */
export function problemOf(text: string): string {
  const rules = RequestRules.read(text)
  return 'problem' in rules ? rules.problem : ''
}

/** The one rule of an operation at `POST /x`. */
export function ruleOf(version: Version, operation: object, components: object = {}): RequestRule {
  return rulesOf(documentOf(version, { '/x': { post: operation } }, components)).find('POST', '/x')!
}

/** The faults of a JSON body against one schema, as `pointer message`. */
export function bodyFaults(
  version: Version,
  schema: unknown,
  body: unknown,
  schemas: object = {},
): readonly string[] {
  const operation = { requestBody: { content: { 'application/json': { schema } } } }
  const faults = ruleOf(version, operation, { schemas }).checkBody('application/json', body)
  return faults.map(({ pointer, message }) => `${pointer} ${message}`.trim())
}

/** The faults of one parameter named `p`, given a query, a path segment or a header field. */
export function parameterFaults(
  where: 'path' | 'query' | 'header',
  parameter: object,
  given?: string,
): readonly string[] {
  const described = { name: 'p', in: where, ...parameter }
  const path = where === 'path' ? '/x/{p}' : '/x'
  const concrete = where === 'path' ? `/x/${given}` : '/x'
  const rule = rulesOf(documentOf('3.1.0', { [path]: { get: { parameters: [described] } } })).find(
    'GET',
    concrete,
  )!
  const field = (name: string) => (where === 'header' && name === 'p' ? given : undefined)
  const faults = rule.checkHead(concrete, where === 'query' ? (given ?? '') : '', field)
  return faults.map((fault) => `${fault.where} ${fault.pointer} ${fault.message}`)
}
