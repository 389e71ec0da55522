import type { Dispatcher } from 'undici'

/**
 * The head of a call as undici writes it, if it is plain: its body all here, or of a method that has none, and its
 * characters one byte each.
 */
export function renderHead(call: Dispatcher.DispatchOptions, host: string): string | undefined {
  const { method, path, body, upgrade, headers } = call
  if (upgrade != null || !PATH.test(path) || !Array.isArray(headers)) return undefined
  if (!(body == null ? WITHOUT_BODY : WITH_BODY).has(method)) return undefined
  if (body != null && (!Buffer.isBuffer(body) || body.length === 0)) return undefined
  let head = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\n`
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const [name, value]: readonly unknown[] = [headers[index], headers[index + 1]]
    if (typeof name !== 'string' || typeof value !== 'string') return undefined
    if (UNPLAIN.test(value) || !TOKEN.test(name) || isUndicis(name)) return undefined
    head += `${name}: ${value}\r\n`
  }
  return body == null ? `${head}\r\n` : `${head}content-length: ${body.length}\r\n\r\n`
}

/** Whether undici reads a field itself. */
function isUndicis(name: string): boolean {
  // Told by length first: most names are none of them.
  return ((LENGTHS >>> Math.min(name.length, 31)) & 1) === 1 && FRAMING.has(name.toLowerCase())
}

const WITHOUT_BODY: ReadonlySet<string> = new Set(['GET', 'DELETE', 'OPTIONS'])
const WITH_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH'])
const PATH = /^\/[!-~]*$/
const UNPLAIN = /[^\t -~]/
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const FRAMING: ReadonlySet<string> = new Set([
  ...['host', 'connection', 'content-length', 'transfer-encoding', 'keep-alive', 'upgrade', 'expect'],
])
const LENGTHS = [...FRAMING].reduce((bits, { length }) => bits | (1 << length), 0)
