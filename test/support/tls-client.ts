import { once } from 'node:events'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { onTestFinished } from 'vitest'

/** A connection on which TLS is spoken; rejects when the two cannot agree. Closed when the test is over. */
export async function connectTls(port: number, options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', ...options })
  onTestFinished(() => {
    socket.destroy()
  })
  await once(socket, 'secureConnect')
  // What breaks it later, the test sees in what it received.
  socket.on('error', () => {})
  return socket
}

/** A client too old to be let in, as lenient as one of that time. */
export function oldClient(version: 'TLSv1' | 'TLSv1.1'): ConnectionOptions {
  return { minVersion: version, maxVersion: version, ciphers: 'DEFAULT:@SECLEVEL=0' }
}
