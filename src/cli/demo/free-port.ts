import { once } from 'node:events'
import { createServer } from 'node:net'
import { assert } from '../../lib/assert.ts'

/** `wanted` if nothing listens there on 127.0.0.1, else a port the system picks. It is not held. */
export async function freePort(wanted: number): Promise<number> {
  return (await portIfFree(wanted)) ?? (await portIfFree(0)) ?? wanted
}

async function portIfFree(wanted: number): Promise<number | undefined> {
  const server = createServer()
  server.listen(wanted, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch {
    return undefined
  }
  const address = server.address()
  assert(typeof address === 'object' && address !== null, 'a server that listens has an address')
  server.close()
  await once(server, 'close')
  return address.port
}
