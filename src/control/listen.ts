import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { getRequestListener } from '@hono/node-server'
import type { ListenAddress, ListenerTls } from '../config/config.ts'
import { GatezError } from '../errors/gatez-error.ts'
import { assert } from '../lib/assert.ts'
import type { ControlApp } from './control-app.ts'
import type { ListeningAt } from './control-messages.ts'

/** Connections held at a time: a slow or hostile page must not use up what the gateway needs. */
const CONNECTIONS_MAX = 1_000
const HEAD_MS = 10_000
const REQUEST_MS = 120_000

/** A listener of the control API or the portal. */
export interface Listener extends ListeningAt {
  /** Lets requests under way end, at most `graceMs`, then closes every connection. */
  close(graceMs: number): Promise<void>
}

/**
 * Listens; throws `port-taken` naming `field`.
 *
 * Where nobody chose the address it takes another port when something listens there already.
 */
export async function listen(app: Pick<ControlApp, 'fetch'>, place: ListenPlace): Promise<Listener> {
  const answer = getRequestListener(app.fetch, { overrideGlobalObjects: false })
  const server: Server =
    place.tls === null
      ? createServer(LIMITS, answer)
      : createTlsServer(
          { ...LIMITS, cert: place.tls.cert, key: place.tls.key, minVersion: 'TLSv1.2' },
          answer,
        )
  server.maxConnections = CONNECTIONS_MAX
  const { host, port } = place.listen
  try {
    await open(server, host, port)
  } catch (error) {
    const errno = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (errno !== 'EADDRINUSE' || place.isChosen) throw problem(place, errno)
    await open(server, host, 0)
  }
  const address = server.address()
  assert(typeof address === 'object' && address !== null, 'a listener on TCP has an address')
  return {
    ...{ host, port: address.port, speaksTls: place.tls !== null },
    close: async (graceMs) => {
      const closed = once(server, 'close')
      server.close()
      server.closeIdleConnections()
      const timer = setTimeout(() => server.closeAllConnections(), graceMs)
      await closed
      clearTimeout(timer)
    },
  }
}

/** Where to listen, and how. */
export interface ListenPlace {
  readonly listen: ListenAddress
  readonly isChosen: boolean
  readonly tls: ListenerTls | null
  /** The field of the file that says so. */
  readonly field: string
}

const LIMITS = {
  headersTimeout: HEAD_MS,
  requestTimeout: REQUEST_MS,
  maxHeaderSize: 16 * 1024,
  keepAliveTimeout: 5_000,
} as const

async function open(server: Server, host: string, port: number): Promise<void> {
  server.listen({ host, port })
  await once(server, 'listening')
}

function problem({ field, listen: { host, port } }: ListenPlace, errno: string): GatezError {
  const why: Readonly<Record<string, string>> = {
    EADDRINUSE: 'something already listens there',
    EACCES: 'this user may not listen there',
    EADDRNOTAVAIL: 'this machine has no such address',
  }
  return new GatezError('port-taken', `${field} ${host}:${port}: ${why[errno] ?? errno}.`)
}
