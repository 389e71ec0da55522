import { FieldKinds, FORWARD } from './field-kinds.ts'
import { removeNamed } from './request-head.ts'

/** What one pass over the header fields of an upstream's answer finds. */
export interface ResponseHead {
  /** Fields that go to the client: name, value, name, value … */
  readonly forward: string[]
  /** Custom meters the upstream reported: id → value as written; undefined if none. */
  readonly meters: Map<string, string> | undefined
}

/**
 * Sorts the fields of an answer: hop-by-hop ones go no further, `x-gatez-meter-<id>` is kept for the
 * meter and stripped, and fields that gatez answers itself (limits, request id) replace the upstream's.
 *
 * `headers` is undici's: names in lower case, several fields of one name as a list, in their order.
 */
export function readResponseHead(headers: UpstreamHeaders): ResponseHead {
  const forward: string[] = []
  let meters: Map<string, string> | undefined
  let connection = ''
  for (const name in headers) {
    const value = headers[name]
    if (value === undefined) continue
    const kind = KINDS.of(name)
    if (kind === FORWARD) {
      if (typeof value === 'string') forward.push(name, value)
      else for (const each of value) forward.push(name, each)
    } else if (kind === CONNECTION) connection += `,${value}`
    else if (kind === METER) {
      meters ??= new Map()
      meters.set(name.slice(METER_PREFIX.length), typeof value === 'string' ? value : (value.at(-1) ?? ''))
    }
  }
  if (connection !== '' && !PLAIN_CONNECTION.test(connection)) removeNamed(forward, connection)
  return { forward, meters }
}

/** Header fields as undici reads them; values hold one character per byte. */
export type UpstreamHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

const PLAIN_CONNECTION = /^,\s*(?:keep-alive|close)?\s*$/i
const METER_PREFIX = 'x-gatez-meter-'

const DROP = 1
const CONNECTION = 2
const METER = 3

const KINDS = new FieldKinds(
  {
    connection: CONNECTION,
    'keep-alive': DROP,
    'proxy-connection': DROP,
    'proxy-authenticate': DROP,
    te: DROP,
    trailer: DROP,
    'transfer-encoding': DROP,
    upgrade: DROP,
    'x-request-id': DROP,
    ratelimit: DROP,
    'ratelimit-policy': DROP,
    'x-ratelimit-limit': DROP,
    'x-ratelimit-remaining': DROP,
    'x-ratelimit-reset': DROP,
  },
  [
    [METER_PREFIX, METER],
    ['x-gatez-', DROP],
    ['x_gatez_', DROP],
    ['gatez-', DROP],
  ],
)
