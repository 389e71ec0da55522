import type { Cors } from '../model/route-policy.ts'
import type { Parsed } from './parsed.ts'

/** Reads names of header fields that the file may take out, set or name: lower case. */
export function parseFieldNames(names: readonly string[]): Parsed<readonly string[]> {
  for (const name of names) {
    const problem = nameProblem(name)
    if (problem !== undefined) return { problem }
  }
  return { value: names.map((name) => name.toLowerCase()) }
}

/** Reads names of header fields that pages may send or read, which changes nothing of them: lower case. */
export function parseNamedFields(names: readonly string[]): Parsed<readonly string[]> {
  for (const name of names) {
    if (!NAME.test(name)) return { problem: `${JSON.stringify(name)} is no name of a header field` }
  }
  return { value: names.map((name) => name.toLowerCase()) }
}

/** Reads header fields that the file sets: name, value, name, value … */
export function parseFieldValues(fields: Readonly<Record<string, string>>): Parsed<readonly string[]> {
  const names = new Set<string>()
  for (const [name, value] of Object.entries(fields)) {
    const problem = nameProblem(name)
    if (problem !== undefined) return { problem }
    if (names.has(name.toLowerCase())) return { problem: `names ${name.toLowerCase()} twice` }
    names.add(name.toLowerCase())
    if (!/^[\t -~]*$/.test(value)) {
      return { problem: `${name} must have a value of visible ASCII characters and blanks` }
    }
  }
  return { value: Object.entries(fields).flatMap(([name, value]) => [name, value.trim()]) }
}

/** Reads the origins whose pages may call, as browsers send them: scheme, host and port, nothing else. */
export function parseOrigins(written: '*' | readonly string[]): Parsed<Cors['origins']> {
  if (written === '*') return { value: 'any' }
  for (const origin of written) {
    if (origin.includes('*')) {
      return { problem: `must be full origins, wildcards are not known, has ${JSON.stringify(origin)}` }
    }
    const parsed = URL.canParse(origin) ? new URL(origin).origin : ''
    if (parsed === origin && origin !== 'null') continue
    const meant = parsed === '' || parsed === 'null' ? '' : ` (${parsed} would do)`
    return {
      problem: `must be origins such as https://app.example.com, has ${JSON.stringify(origin)}${meant}`,
    }
  }
  return { value: written }
}

function nameProblem(name: string): string | undefined {
  if (!NAME.test(name)) return `${JSON.stringify(name)} is no name of a header field`
  // Some servers read - and _ alike.
  const meant = name.toLowerCase().replaceAll('_', '-')
  if (OURS.has(meant) || /^(?:x-gatez|gatez|x-forwarded|x-ratelimit)-/.test(meant)) {
    return `${name} cannot be changed: gatez or HTTP itself gives it its meaning`
  }
  return undefined
}

const NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/

/** What frames a message, belongs to one hop, or is said by gatez. */
const OURS: ReadonlySet<string> = new Set([
  ...['host', 'content-length', 'transfer-encoding', 'connection', 'keep-alive', 'upgrade', 'te', 'trailer'],
  ...['expect', 'proxy-connection', 'proxy-authorization', 'proxy-authenticate', 'http2-settings'],
  ...['x-api-key', 'x-request-id', 'forwarded', 'x-real-ip', 'ratelimit', 'ratelimit-policy', 'retry-after'],
])
