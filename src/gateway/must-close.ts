import type { IncomingMessage } from 'node:http'

/** Largest unread request body that is read and thrown away so that the connection can go on. */
const DRAIN_BYTES_MAX = 65_536

/** An unread body too large to throw away: the connection cannot be used again. */
export function mustClose(request: IncomingMessage): boolean {
  if (request.complete) return false
  const length = request.headers['content-length']
  if (length !== undefined) return Number(length) > DRAIN_BYTES_MAX
  return request.headers['transfer-encoding'] !== undefined
}
