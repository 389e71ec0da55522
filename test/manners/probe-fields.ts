import { answerField } from './answer-reader.ts'
import {
  answerOf,
  ask,
  chunkedOf,
  type Probe,
  type ProxyAddress,
  quote,
  ScriptedUpstream,
  type StartProxy,
  tell,
  unlike,
} from './probe-kit.ts'
import { valuesOf } from './request-reader.ts'

/** Which fields go through, which do not, and which stay as they were. */
export const FIELD_PROBES: readonly Probe[] = [
  {
    name: 'hop-by-hop fields of a request',
    promise: 'what is for one hop goes no further upstream',
    run: async (start) => {
      const names = ['keep-alive', 'proxy-connection', 'proxy-authorization', 'te', 'trailer', 'upgrade']
      const fields = ['Connection: keep-alive, te', 'TE: gzip', 'Keep-Alive: 5', 'Trailer: x', 'Upgrade: h2c']
      const proxyFields = ['Proxy-Connection: x', 'Proxy-Authorization: Basic x']
      return await absent(start, [...fields, ...proxyFields], names)
    },
  },
  {
    name: 'fields that Connection of a request names',
    promise: 'a field that Connection names goes no further upstream',
    run: (start) => absent(start, ['Connection: keep-alive, X-Hop', 'X-Hop: 1', 'x-hop: 2'], ['x-hop']),
  },
  {
    name: 'the credential',
    promise: 'the upstream never sees the key, wherever it stands',
    run: async (start) => {
      const upstream = await ScriptedUpstream.answering(answerOf('ok'))
      const proxy = await start(upstream.port)
      await tell(proxy.port, ask(proxy, 'GET /a HTTP/1.1'))
      const bearer = `GET /b HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${proxy.secret}\r\n\r\n`
      await tell(proxy.port, bearer)
      if (upstream.requests.length !== 2) return `${upstream.requests.length} of 2 requests arrived`
      return upstream.received.includes(proxy.secret) ? quote(upstream.received) : undefined
    },
  },
  {
    name: 'two keys',
    promise: 'a request with two keys is refused with 400 and goes nowhere',
    run: (start) =>
      refused(start, (proxy) => ask(proxy, 'GET /a HTTP/1.1', `X-API-Key: ${proxy.secret}`), [400]),
  },
  {
    name: 'fields of the gateway from a client',
    promise: 'x-gatez-* and x_gatez_* of a client are dropped',
    run: async (start) => {
      const upstream = await ScriptedUpstream.answering(answerOf('ok'))
      const proxy = await start(upstream.port)
      const fields = [
        'X-Gatez-Tenant: forged',
        'x_gatez_tenant: forged',
        'x-gatez-x: forged',
        'X_GATEZ_PLAN: forged',
      ]
      await tell(proxy.port, ask(proxy, 'GET /a HTTP/1.1', ...fields))
      if (upstream.requests.length !== 1) return 'the request did not arrive'
      return upstream.received.includes('forged') ? quote(upstream.received) : undefined
    },
  },
  {
    name: 'forwarding fields from a client',
    promise: 'what a client says of whom it forwards for is replaced',
    run: (start) =>
      withRequest(
        start,
        ['X-Forwarded-For: 6.6.6.6', 'Forwarded: for=6.6.6.6', 'X-Real-IP: 6.6.6.6'],
        (bytes) => bytes.includes('6.6.6.6'),
      ),
  },
  {
    name: 'fields of the gateway from an upstream',
    promise: 'x-gatez-* of an answer stays inside',
    run: (start) => absentBack(start, ['X-Gatez-Meter-Tokens: 5', 'x-gatez-tenant: acme'], /x-gatez-/i),
  },
  {
    name: 'hop-by-hop fields of an answer',
    promise: 'what is for one hop goes no further to the client',
    run: (start) =>
      absentBack(
        start,
        ['Keep-Alive: timeout=99', 'Proxy-Authenticate: Basic', 'Upgrade: h2c', 'Trailer: x'],
        /timeout=99|proxy-authenticate|upgrade|trailer/i,
      ),
  },
  {
    name: 'fields that Connection of an answer names',
    promise: 'a field that Connection names goes no further to the client',
    run: (start) => absentBack(start, ['Connection: keep-alive, X-Hop', 'X-Hop: 1'], /x-hop/i),
  },
  {
    name: 'several Set-Cookie',
    promise: 'each Set-Cookie stays a field of its own',
    run: async (start) => {
      const bytes = answerOf(
        'ok',
        'Set-Cookie: a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT',
        'Set-Cookie: b=2',
      )
      const proxy = await start((await ScriptedUpstream.answering(bytes)).port)
      const heard = await tell(proxy.port, ask(proxy, 'GET /a HTTP/1.1'))
      const cookies = heard.first === undefined ? [] : answerField(heard.first, 'set-cookie')
      return cookies.length === 2 ? undefined : quote(heard.received)
    },
  },
  {
    name: 'trailers for who reads them',
    promise: 'trailers reach a client that said TE: trailers',
    run: async (start) => {
      const proxy = await start((await ScriptedUpstream.answering(chunkedOf('ok', 'X-Sum: 1\r\n'))).port)
      const heard = await tell(proxy.port, ask(proxy, 'GET /a HTTP/1.1', 'TE: trailers', 'Connection: TE'))
      const found = heard.first?.trailers.some((line) => /^x-sum: 1$/i.test(line))
      return unlike(heard, 200, 'ok') ?? (found === true ? undefined : quote(heard.received))
    },
  },
  {
    name: 'trailers for who did not ask',
    promise: 'a client that did not say TE: trailers gets none',
    run: async (start) => {
      const proxy = await start((await ScriptedUpstream.answering(chunkedOf('ok', 'X-Sum: 1\r\n'))).port)
      const heard = await tell(proxy.port, ask(proxy, 'GET /a HTTP/1.1'))
      return unlike(heard, 200, 'ok') ?? (/x-sum/i.test(heard.received) ? quote(heard.received) : undefined)
    },
  },
  {
    name: '2,102 fields',
    promise: 'too many fields are refused with 431, never cut off',
    run: (start) =>
      refused(
        start,
        (proxy) => ask(proxy, 'GET /a HTTP/1.1', ...Array.from({ length: 2_100 }, () => 'x: y')),
        [431],
      ),
  },
]

/** Sends bytes that must be refused with one of `statuses`, and reach no upstream. */
export async function refused(
  start: StartProxy,
  bytes: (proxy: ProxyAddress) => string,
  statuses: readonly number[],
): Promise<string | undefined> {
  const upstream = await ScriptedUpstream.answering(answerOf('ok'))
  const proxy = await start(upstream.port)
  const heard = await tell(proxy.port, bytes(proxy))
  if (upstream.received !== '') return `the upstream got ${quote(upstream.received)}`
  return heard.first !== undefined && statuses.includes(heard.first.status)
    ? undefined
    : `answered ${quote(heard.received)}`
}

/** Sends a request with `fields`, of which `names` must not arrive. */
function absent(
  start: StartProxy,
  fields: readonly string[],
  names: readonly string[],
): Promise<string | undefined> {
  return withRequest(start, fields, (bytes) =>
    names.some((name) => new RegExp(`\\n${name}\\s*:`, 'i').test(bytes)),
  )
}

async function withRequest(
  start: StartProxy,
  fields: readonly string[],
  broken: (bytes: string) => boolean,
): Promise<string | undefined> {
  const upstream = await ScriptedUpstream.answering(answerOf('ok'))
  const proxy = await start(upstream.port)
  const heard = await tell(proxy.port, ask(proxy, 'GET /a HTTP/1.1', 'X-Stays: yes', ...fields))
  const [request] = upstream.requests
  if (request === undefined || valuesOf(request, 'x-stays')[0] !== 'yes') return 'the request did not arrive'
  return unlike(heard, 200) ?? (broken(upstream.received) ? quote(upstream.received) : undefined)
}

/** Lets the upstream answer with `fields`, of which nothing like `pattern` may reach the client. */
async function absentBack(
  start: StartProxy,
  fields: readonly string[],
  pattern: RegExp,
): Promise<string | undefined> {
  const proxy = await start(
    (await ScriptedUpstream.answering(answerOf('ok', 'X-Stays: yes', ...fields))).port,
  )
  const heard = await tell(proxy.port, ask(proxy, 'GET /a HTTP/1.1'))
  if (heard.first === undefined || answerField(heard.first, 'x-stays')[0] !== 'yes')
    return unlike(heard, 200, 'ok with X-Stays')
  return pattern.test(heard.received) ? quote(heard.received) : undefined
}
