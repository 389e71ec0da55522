import { METHODS } from 'node:http'
import { didYouMean } from '../lib/closest.ts'
import type { Parsed } from './parsed.ts'

/**
 * Reads `METHOD[,METHOD] /path` or `ANY /path`.
 *
 * In the path `{name}` is one segment and `{name*}`, at the end only, the rest, which may be empty. Segments are
 * compared byte by byte with the normalized path of a request, so a pattern that no normalized path
 * can equal (dot segments, empty segments, a query) is refused here.
 */
export function parseMatch(text: string): Parsed<RouteMatch> {
  const parts = /^(\S+) +(\S+)$/.exec(text.trim())
  const [methodsText, path] = [parts?.[1], parts?.[2]]
  if (methodsText === undefined || path === undefined) {
    return { problem: `must be a method and a path, as GET /v1/items/{id}, is ${JSON.stringify(text)}` }
  }
  const methods = parseMethods(methodsText)
  if ('problem' in methods) return methods
  const problem = pathProblem(path)
  return problem === undefined ? { value: { methods: methods.value, path } } : { problem }
}

export interface RouteMatch {
  /** Upper case; empty = any method. */
  readonly methods: readonly string[]
  readonly path: string
}

/** A path that is asked as it stands, without names in it. */
export function parsePlainPath(text: string): Parsed<string> {
  const problem = text.includes('{') ? 'must be a plain path, as /health' : pathProblem(text)
  return problem === undefined ? { value: text } : { problem }
}

/** The path of an endpoint of gatez itself, without names in it; `off` means none. */
export function parseOwnPath(text: string): Parsed<string | null> {
  if (text === 'off') return { value: null }
  const problem = text.includes('{') ? 'must be a plain path, or off' : pathProblem(text)
  return problem === undefined ? { value: text } : { problem }
}

/** A prefix that is taken off each path: plain, without a slash at its end. */
export function parsePrefix(text: string): Parsed<string> {
  const problem = text.includes('{') ? 'must be a plain path, as /shop' : pathProblem(text)
  if (problem !== undefined) return { problem }
  return text.endsWith('/') ? { problem: 'must not end with a slash, as /shop' } : { value: text }
}

/** The path that an upstream gets in place of the one asked for, with names from `match`: `/v2/items/{id}`. */
export function parseRewrite(text: string): Parsed<string> {
  const problem = pathProblem(text)
  return problem === undefined ? { value: text } : { problem }
}

/** The names in braces of a path, as written: `{id}`, `{rest*}`. */
export function pathNames(path: string): readonly string[] {
  return path.match(/\{[^}]*\}/g) ?? []
}

/** The path with its names taken out: two routes of one shape answer the same requests. */
export function pathShape(path: string): string {
  return path.replaceAll(/\{[^}*]*\}/g, '{}').replaceAll(/\{[^}*]*\*\}/g, '{*}')
}

/** Methods by name: those of a route, or those that pages may use. `meant` is what a slip may be meant for. */
export function parseMethodList(
  methods: readonly string[],
  meant: readonly string[] = METHODS,
): Parsed<readonly string[]> {
  for (const method of methods) {
    if (NEVER_ROUTED.includes(method)) return { problem: `${method} cannot be routed` }
    if (METHODS.includes(method)) continue
    return { problem: `${JSON.stringify(method)} is no method${didYouMean(method, meant)}` }
  }
  if (new Set(methods).size < methods.length) return { problem: `names a method twice: ${methods.join()}` }
  return { value: methods }
}

// The gateway refuses these itself, whatever a route says.
const NEVER_ROUTED = ['CONNECT', 'TRACE']

function parseMethods(text: string): Parsed<readonly string[]> {
  if (text === 'ANY') return { value: [] }
  const methods = text.split(',')
  if (methods.includes('ANY')) return { problem: 'ANY stands alone, without other methods' }
  return parseMethodList(methods, ['ANY', ...METHODS])
}

function pathProblem(path: string): string | undefined {
  if (!path.startsWith('/')) return `the path must start with /, is ${JSON.stringify(path)}`
  const segments = path.slice(1).split('/')
  const names = new Set<string>()
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1
    const problem = segmentProblem(segment, isLast)
    if (problem !== undefined) return problem
    const name = PARAMETER.exec(segment)?.[1]
    if (name !== undefined && names.has(name)) return `the path names {${name}} twice`
    if (name !== undefined) names.add(name)
  }
  return undefined
}

const PARAMETER = /^\{([A-Za-z_][A-Za-z0-9_]*)(\*?)\}$/
const LITERAL = /^(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-F]{2})*$/

function segmentProblem(segment: string, isLast: boolean): string | undefined {
  // The last segment may be empty: /v1/items/ ends with a slash.
  if (segment === '') return isLast ? undefined : 'the path has an empty segment (//)'
  if (segment === '.' || segment === '..')
    return `the path has the segment ${segment}, which no request keeps`
  const parameter = PARAMETER.exec(segment)
  if (parameter !== null) {
    const isRest = parameter[2] === '*'
    return isRest && !isLast ? `${segment} must be the last segment: it stands for the rest` : undefined
  }
  if (segment.includes('{') || segment.includes('}')) {
    return `${JSON.stringify(segment)} is neither a name in braces, as {id} or {rest*}, nor plain text`
  }
  if (segment.includes('?') || segment.includes('#')) return 'the path must have no query and no fragment'
  if (/%2[Ff]|%5[Cc]/.test(segment)) return 'the path must have no encoded slash: no request keeps one'
  return LITERAL.test(segment)
    ? undefined
    : `${JSON.stringify(segment)} has characters that a path must carry percent-encoded, in upper case (%C3%A9)`
}
