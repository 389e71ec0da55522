import { createToken } from '../../src/access/create-token.ts'
import { startGateway, type TestGateway, type TestGatewayOptions } from './gateway.ts'
import { eventJson, eventMeter } from './incoming-events.ts'
import { exchangeBytes } from './raw-socket.ts'
import { RawUpstream } from './raw-upstream.ts'

/** A gateway with the meter compute_ms, and ways to make tokens. */
export async function eventGateway(options: TestGatewayOptions = {}) {
  const upstream = await RawUpstream.answering('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  const meters = [eventMeter('compute_ms')]
  const gateway = await startGateway({ upstreamPort: upstream.port, meters, ...options })
  const make = (scopes: string, expires?: string) =>
    createToken(
      { store: gateway.store, clock: gateway.clock },
      { actor: 'cli:ann', name: 'job', scopes, expires },
    )
  return { gateway, upstream, make, token: (await make('events')).secret }
}

/** Sends one request on a connection of its own. */
export async function sendEvents(
  gateway: TestGateway,
  {
    line = 'POST /v1/events',
    fields = [],
    body = eventJson(),
  }: { line?: string; fields?: string[]; body?: string },
) {
  const type = fields.some((field) => /^content-type:/i.test(field)) ? [] : ['Content-Type: application/json']
  const head = [`${line} HTTP/1.1`, 'Host: a', 'Connection: close', ...type, ...fields]
  const text = [...head, `Content-Length: ${Buffer.byteLength(body)}`, '', body].join('\r\n')
  const received = Buffer.from(await exchangeBytes(gateway.port, text), 'latin1').toString()
  const json = received.slice(received.indexOf('\r\n\r\n') + 4)
  return { status: Number(received.slice(9, 12)), received, body: json === '' ? undefined : JSON.parse(json) }
}

/** The field that carries a token or a key. */
export const bearer = (secret: string) => `Authorization: Bearer ${secret}`
