/** A request target: what is matched, what is forwarded, what is recorded. */
export interface Target {
  /** Normalized, without query: matched, and recorded as the endpoint. */
  readonly path: string
  /** The same path with the query as it came: forwarded. */
  readonly pathAndQuery: string
}

/** Longest target that is looked at, in characters. */
export const TARGET_LENGTH_MAX = 8192

/**
 * Reads a request target, so that the path matched is the path forwarded; undefined if it is refused.
 *
 * Only origin form. Refused, never repaired: dot segments, also with parameters, empty segments, encoded
 * slashes, dots, backslashes and control characters, broken escapes, escapes that are no UTF-8, fragments,
 * anything outside visible ASCII. Two servers that read such a path differently are how a check is walked around.
 */
export function readTarget(url: string): Target | undefined {
  if (url.charCodeAt(0) !== 0x2f) return undefined
  const mark = url.indexOf('?')
  const path = mark === -1 ? url : url.slice(0, mark)
  if (PLAIN_PATH.test(path) && (mark === -1 || VISIBLE.test(url))) return { path, pathAndQuery: url }
  if (!VISIBLE.test(url) || path.includes('\\') || path.includes('//')) return undefined
  const normalized = normalizeEscapes(path)
  if (normalized === undefined || DOT_SEGMENT.test(normalized)) return undefined
  return { path: normalized, pathAndQuery: mark === -1 ? normalized : normalized + url.slice(mark) }
}

/** No escapes, no empty or dot-led segments: nothing to normalize. */
const PLAIN_PATH = /^(?:\/[A-Za-z0-9_~!$&'()*+,;=:@-][A-Za-z0-9_~!$&'()*+,;=:@.-]*)+\/?$|^\/$/

/** A target has no fragment: some servers cut it off, others take it for a part of the query. */
const VISIBLE = /^[\x21\x22\x24-\x7e]*$/

/** With parameters, too: some servers cut them off before they look for dots. */
const DOT_SEGMENT = /\/\.{1,2}(?:\/|;|%3B|$)/

const UNRESERVED = /[A-Za-z0-9_~-]/

/** Decodes escapes of unreserved characters, upper-cases the rest (RFC 3986, 6.2.2); undefined if refused. */
function normalizeEscapes(path: string): string | undefined {
  let refused = false
  const normalized = path.replace(/%(.{0,2})/g, (_whole, digits: string) => {
    if (!/^[0-9A-Fa-f]{2}$/.test(digits)) {
      refused = true
      return ''
    }
    const code = Number.parseInt(digits, 16)
    // Controls, `.`, `/`, `\`.
    if (code < 0x20 || code === 0x7f || code === 0x2e || code === 0x2f || code === 0x5c) refused = true
    const char = String.fromCharCode(code)
    return UNRESERVED.test(char) ? char : `%${digits.toUpperCase()}`
  })
  return refused || !isUtf8(normalized) ? undefined : normalized
}

/** Whether the escapes of a path stand for text: overlong forms and stray bytes do not. */
function isUtf8(path: string): boolean {
  try {
    decodeURIComponent(path)
    return true
  } catch {
    return false
  }
}
