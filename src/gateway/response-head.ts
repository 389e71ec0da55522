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
 */
export function readResponseHead(rawHeaders: readonly (Buffer | string)[]): ResponseHead {
  const forward: string[] = []
  let meters: Map<string, string> | undefined
  let connection = ''
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = text(rawHeaders[index])
    const kind = KINDS.of(name)
    if (kind === FORWARD) forward.push(name, text(rawHeaders[index + 1]))
    else if (kind === CONNECTION) connection += `,${text(rawHeaders[index + 1])}`
    else if (kind === METER) {
      meters ??= new Map()
      meters.set(name.slice(METER_PREFIX.length).toLowerCase(), text(rawHeaders[index + 1]))
    }
  }
  if (connection !== '' && !PLAIN_CONNECTION.test(connection)) removeNamed(forward, connection)
  return { forward, meters }
}

function text(field: Buffer | string | undefined): string {
  return typeof field === 'string' ? field : (field?.toString('latin1') ?? '')
}

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
