import type { Socket } from 'node:net'
import buildConnector from 'undici/lib/core/connect.js'

/**
 * Makes the connections to an upstream, as undici does, but that a reset of one is never taken for its end.
 *
 * undici forgives a reset (`ECONNRESET`) where an answer ends with its connection: one that was cut short would look whole.
 */
export function upstreamConnector(options: buildConnector.BuildOptions): buildConnector.connector {
  const connect = buildConnector({ ...options, allowH2: false })
  return (to, callback) =>
    connect(to, (...made) => {
      const socket: Socket | null = made[1]
      socket?.prependListener('error', renameReset)
      callback(...made)
    })
}

function renameReset(error: NodeJS.ErrnoException): void {
  if (error.code === 'ECONNRESET') error.code = 'UPSTREAM_RESET'
}
