import type { Limit, Quota } from '../../src/model/plan.ts'
import { documentOf } from '../openapi/document-text.ts'
import { plan } from './control-store.ts'
import { startGateway, type TestGateway, type TestGatewayOptions } from './gateway.ts'
import { exchangeBytes } from './raw-socket.ts'
import { RawUpstream } from './raw-upstream.ts'

const ORDER = { type: 'object', required: ['amount'], properties: { amount: { type: 'integer' } } }
const DOCUMENT = documentOf('3.1.0', {
  '/orders': {
    get: { parameters: [{ name: 'limit', in: 'query', schema: { type: 'integer', maximum: 10 } }] },
    post: {
      requestBody: { required: true, content: { 'application/json': { schema: ORDER }, 'text/csv': {} } },
    },
    put: { requestBody: { content: { 'application/json': { schema: ORDER } } } },
  },
})
const LIMITS: readonly Limit[] = [
  {
    id: 'tenant-day',
    counts: 'requests',
    amount: 10,
    windowMs: 86_400_000,
    per: 'day',
    scope: 'tenant',
  },
  { id: 'at-once', counts: 'concurrent', amount: 3, windowMs: 0, per: 'moment', scope: 'tenant' },
]
const MONTH: Quota = { id: 'calls-month', meter: 'calls', per: 'month', included: '5', onExceed: 'block' }
const PLANS = [plan({ limits: LIMITS, quotas: [MONTH] })]
/** A whole answer. */
export const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** A gateway that checks what goes to `upstream`, which answers when it has a whole request. */
export async function checkedGateway(
  options: TestGatewayOptions = {},
  answer: (count: number) => string = () => OK,
) {
  const bodies: string[] = []
  let count = 0
  const upstream = await RawUpstream.start((socket, head, rest) => {
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
    let body = rest.toString('latin1')
    const look = (piece = Buffer.alloc(0)): void => {
      body += piece.toString('latin1')
      if (body.length < length) return
      socket.off('data', look)
      bodies.push(body)
      count += 1
      const bytes = answer(count)
      if (bytes === '') socket.resetAndDestroy()
      else socket.write(bytes)
    }
    socket.on('data', look)
    look()
  })
  const gateway = await startGateway({
    upstreamPort: upstream.port,
    plans: PLANS,
    ...options,
    api: { requestRules: DOCUMENT, ...options.api },
    policy: { validate: true, ...options.policy },
  })
  return { upstream, gateway, bodies }
}

/** The head of a request with the key. */
export const head = (gateway: TestGateway, method: string, path: string, ...fields: readonly string[]) =>
  [`${method} ${path} HTTP/1.1`, 'Host: a', `x-api-key: ${gateway.secret}`, ...fields, '', ''].join('\r\n')

export const JSON_FIELD = 'Content-Type: application/json'

/** An order sent with its length. */
export function post(
  gateway: TestGateway,
  body: string | Buffer,
  ...fields: readonly string[]
): Promise<string> {
  const length = `Content-Length: ${Buffer.byteLength(body)}`
  const start = head(gateway, 'POST', '/orders', JSON_FIELD, length, 'Connection: close', ...fields)
  return exchangeBytes(gateway.port, Buffer.concat([Buffer.from(start), Buffer.from(body)]))
}

/** What is left after a call: of the window, of the places in flight, of the quota; and takes one itself. */
export async function leftBy(gateway: TestGateway): Promise<string> {
  const received = await exchangeBytes(gateway.port, head(gateway, 'GET', '/orders', 'Connection: close'))
  return [...(/^RateLimit: (.*)\r$/m.exec(received)?.[1] ?? '').matchAll(/;r=(\d+)/g)]
    .map(([, left]) => left)
    .join(' ')
}

/** The problem document of an answer. */
export const problemOf = (received: string) => JSON.parse(received.slice(received.indexOf('\r\n\r\n') + 4))
