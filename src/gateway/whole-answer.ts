import { type ServerResponse, STATUS_CODES } from 'node:http'
import { ByteText } from '../lib/byte-text.ts'
import { FieldLines, type FieldWriter, writeField } from './field-writer.ts'
import { LaneResponse } from './lane/lane-response.ts'

/**
 * Sends a small answer whole, in one piece whose head is rendered here.
 *
 * `writeHead` checks and sorts each field. Ours were read by an HTTP parser or made by us, and that work
 * costs a call some 4 % of what it costs (docs/decisions/0009). It relies on how node:http keeps a head
 * it rendered; so whatever is not the usual form is not sent, false says so, and it goes the common way.
 *
 * `fields` are name, value, name, value …: names of the upstream in lower case, the length of the body
 * among them. `own` are gatez's, behind those.
 */
export function sendWhole(
  response: ServerResponse,
  status: number,
  fields: readonly string[],
  own: OwnFieldsOfAnswer,
  body: Uint8Array,
): boolean {
  if (!isUsual(response) || own.endsConnection) return false
  const firstLine = FIRST_LINES[status]
  if (firstLine === undefined) return false
  ANSWER.clear()
  ANSWER.latin1(firstLine)
  let dated = false
  for (let index = 0; index < fields.length; index += 2) {
    const [name = '', value = ''] = [fields[index], fields[index + 1]]
    if (name === 'date') dated = true
    else if (name === 'Connection') return false
    writeField(LINES, name, value)
  }
  if (!dated) return false
  own.writeOwn(LINES)
  response.statusCode = status
  ANSWER.latin1('Connection: keep-alive\r\nKeep-Alive: timeout=')
  ANSWER.number(Math.floor(response._keepAliveTimeout / 1000))
  ANSWER.latin1('\r\n\r\n')
  ANSWER.bytes(body)
  if (response instanceof LaneResponse && response.endWith(ANSWER)) return true
  response._header = ANSWER.view.toString('latin1')
  response.end()
  return true
}

/** What gatez adds to the fields of an answer. */
export interface OwnFieldsOfAnswer {
  /** The connection ends with it. */
  readonly endsConnection: boolean
  writeOwn(to: FieldWriter): void
}

/** An answer to HTTP/1.1 with a body, the next on a connection that goes on, of which nothing is rendered. */
function isUsual(response: ServerResponse): response is ServerResponse & Rendered {
  return (
    '_header' in response &&
    response._header === null &&
    '_hasBody' in response &&
    response._hasBody === true &&
    '_keepAliveTimeout' in response &&
    typeof response._keepAliveTimeout === 'number' &&
    response._keepAliveTimeout > 0 &&
    response.useChunkedEncodingByDefault &&
    response.shouldKeepAlive &&
    response.socket !== null &&
    response.req.complete
  )
}

/** What node:http keeps of an answer and does not document. */
interface Rendered {
  _header: string | null
  readonly _keepAliveTimeout: number
}

/** By status, for the codes that have a body and a reason. */
const FIRST_LINES: readonly (string | undefined)[] = Array.from({ length: 600 }, (_, status) => {
  const reason = STATUS_CODES[status]
  if (reason === undefined || status < 200 || status === 204 || status === 304) return undefined
  return `HTTP/1.1 ${status} ${reason}\r\n`
})

/** The one that is being rendered. Room for a usual one: who does not read keeps so much of it waiting. */
const ANSWER = new ByteText(4_096)
const LINES = new FieldLines(ANSWER)
