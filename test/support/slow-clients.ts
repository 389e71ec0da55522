import { once } from 'node:events'
import type { Socket } from 'node:net'
import { vi } from 'vitest'
import type { TestGateway } from './gateway.ts'
import { RawSocket } from './raw-socket.ts'
import { RawUpstream } from './raw-upstream.ts'
import { connectTls } from './tls-client.ts'
import { until } from './until.ts'

/**
 * Time goes by on the gateway's clock, and it looks for slow clients once.
 *
 * It looks only when told to: `setInterval` must be vitest's. What Node itself waits for goes by the real clock.
 */
export function pass(gateway: TestGateway, ms: number): void {
  gateway.clock.advance(ms)
  vi.advanceTimersByTime(1_000)
}

/** A new connection, and the gateway's end of it; speaks TLS when it is told whom to trust. */
export async function connectTo(gateway: TestGateway, ca?: string) {
  const accepting = once(gateway.server.server, ca === undefined ? 'connection' : 'secureConnection')
  const client =
    ca === undefined
      ? await RawSocket.connect(gateway.port)
      : RawSocket.over(await connectTls(gateway.port, { ca }))
  const [accepted]: Socket[] = await accepting
  if (accepted === undefined) throw new Error('a connection has two ends')
  return { client, accepted }
}

/** Resolves once a number has not changed for a while. */
export async function untilStill(read: () => number): Promise<void> {
  let [last, same] = [-1, 0]
  await until('nothing moves any more', () => {
    const now = read()
    same = now === last && now > 0 ? same + 1 : 0
    last = now
    return same > 30 ? true : undefined
  })
}

/** An upstream that takes what is uploaded, and answers once all `bytes` of it are there. */
export async function takingUpstream(bytes: number) {
  const seen = { bytes: 0 }
  const upstream = await RawUpstream.start((socket, _head, rest) => {
    const take = (piece: Buffer): void => {
      seen.bytes += piece.length
      if (seen.bytes >= bytes) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    }
    take(rest)
    socket.on('data', take)
  })
  return { upstream, seen }
}
