import { Socket } from 'node:net'
import buildConnector from 'undici/lib/core/connect.js'
import { noteSharedRead, SHARED_READ } from './shared-read.ts'

/**
 * Makes the connections to an upstream, as undici does, but that a reset of one is never taken for its end.
 *
 * undici forgives a reset (`ECONNRESET`) where an answer ends with its connection: one that was cut short would look whole.
 * `sharesRead`: plain connections are read into memory that they share.
 */
export function upstreamConnector(
  options: buildConnector.BuildOptions,
  sharesRead = false,
): buildConnector.connector {
  const connect = buildConnector({ ...options, allowH2: false })
  const connectPlain = sharesRead
    ? buildConnector({ ...options, allowH2: false, onread: SHARED_READ })
    : connect
  return (to, callback) => {
    const isShared = sharesRead && to.protocol === 'http:'
    const made: buildConnector.Callback = (...how) => {
      const socket: Socket | null = how[1]
      socket?.prependListener('error', renameReset)
      if (socket instanceof Socket && isShared) noteSharedRead(socket)
      callback(...how)
    }
    if (isShared) connectPlain(to, made)
    else connect(to, made)
  }
}

function renameReset(error: NodeJS.ErrnoException): void {
  if (error.code === 'ECONNRESET') error.code = 'UPSTREAM_RESET'
}
