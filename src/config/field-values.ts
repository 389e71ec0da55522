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

/** Reads header fields that the file sets: name, value, name, value … */
export function parseFieldValues(fields: Readonly<Record<string, string>>): Parsed<readonly string[]> {
  for (const [name, value] of Object.entries(fields)) {
    const problem = nameProblem(name)
    if (problem !== undefined) return { problem }
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
  const lower = name.toLowerCase()
  if (!/^[a-z0-9!#$%&'*+.^_`|~-]{1,128}$/.test(lower)) {
    return `${JSON.stringify(name)} is no name of a header field`
  }
  if (
    OURS.has(lower) ||
    /^(?:x[-_]gatez|gatez)[-_]/.test(lower) ||
    /^x-(?:forwarded|ratelimit)-/.test(lower)
  ) {
    return `${name} cannot be changed: gatez or HTTP itself gives it its meaning`
  }
  return undefined
}

/** What frames a message, belongs to one hop, or is said by gatez. */
const OURS: ReadonlySet<string> = new Set([
  ...['host', 'content-length', 'transfer-encoding', 'connection', 'keep-alive', 'upgrade', 'te', 'trailer'],
  ...['expect', 'proxy-connection', 'proxy-authorization', 'proxy-authenticate', 'http2-settings'],
  ...['x-api-key', 'x-request-id', 'forwarded', 'x-real-ip', 'ratelimit', 'ratelimit-policy', 'retry-after'],
])
