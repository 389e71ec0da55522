import type { Dispatcher } from 'undici'
import { FieldKinds, FORWARD } from '../field-kinds.ts'

/** Whether a call may be plain, by what it is: with its body here, or without one. */
export function mayBePlain({ method, body, upgrade }: Dispatcher.DispatchOptions): boolean {
  if (upgrade != null) return false
  if (body == null) return WITHOUT_BODY.has(method)
  return Buffer.isBuffer(body) && body.length > 0 && WITH_BODY.has(method)
}

/**
 * The head of a call as undici writes it, if it is plain: its body all here, or of a method that has none, and its
 * characters one byte each. It is one flat text: what is put together with `+` is so only when it is written.
 */
export function renderHead(call: Dispatcher.DispatchOptions, host: string): string | undefined {
  const { method, path, body, headers } = call
  if (!mayBePlain(call) || !PATH.test(path) || !Array.isArray(headers)) return undefined
  const parts = [method, ' ', path, ' HTTP/1.1\r\nhost: ', host, '\r\nconnection: keep-alive\r\n']
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const [name, value]: readonly unknown[] = [headers[index], headers[index + 1]]
    if (typeof name !== 'string' || typeof value !== 'string') return undefined
    if (UNPLAIN.test(value) || !isPlainName(name)) return undefined
    parts.push(name, ': ', value, '\r\n')
  }
  if (Buffer.isBuffer(body)) parts.push('content-length: ', String(body.length), '\r\n')
  parts.push('\r\n')
  return parts.join('')
}

function isPlainName(name: string): boolean {
  const known = NAMES.get(name)
  if (known !== undefined) return known
  const isPlain = TOKEN.test(name) && UNDICIS.of(name) === FORWARD
  if (NAMES.size < NAMES_MAX && name.length <= NAME_LENGTH_MAX) NAMES.set(name, isPlain)
  return isPlain
}

/** Names that were looked at, and what was found: nearly all calls bring the same. */
const NAMES = new Map<string, boolean>()
const NAMES_MAX = 1024
const NAME_LENGTH_MAX = 64

const WITHOUT_BODY: ReadonlySet<string> = new Set(['GET', 'DELETE', 'OPTIONS'])
const WITH_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH'])
const PATH = /^\/[!-~]*$/
const UNPLAIN = /[^\t -~]/
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
/** Fields that undici reads itself. */
const UNDICIS = new FieldKinds(
  {
    host: 1,
    connection: 1,
    'content-length': 1,
    'transfer-encoding': 1,
    'keep-alive': 1,
    upgrade: 1,
    expect: 1,
  },
  [],
)
