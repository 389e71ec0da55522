import { refused } from './probe-fields.ts'
import { answerOf, ask, type Probe, quote, ScriptedUpstream, tell } from './probe-kit.ts'

/** Where a request may go, and what may be asked for. */
export const TARGET_PROBES: readonly Probe[] = [
  {
    name: 'absolute-form',
    promise: 'a whole URL for a target is refused with 400',
    run: (start) => refused(start, (proxy) => ask(proxy, 'GET http://b/a HTTP/1.1'), [400]),
  },
  {
    name: 'authority-form',
    promise: 'a host for a target is refused with 400',
    run: (start) => refused(start, (proxy) => ask(proxy, 'GET b:80 HTTP/1.1'), [400]),
  },
  {
    name: 'asterisk-form',
    promise: 'an asterisk for a target is refused with 400',
    run: (start) => refused(start, (proxy) => ask(proxy, 'OPTIONS * HTTP/1.1'), [400]),
  },
  {
    name: 'CONNECT',
    promise: 'a tunnel is refused with 405',
    run: (start) => refused(start, (proxy) => ask(proxy, 'CONNECT b:80 HTTP/1.1'), [405]),
  },
  {
    name: 'TRACE',
    promise: 'TRACE, which would send back what we add, is refused with 405',
    run: (start) => refused(start, (proxy) => ask(proxy, 'TRACE /a HTTP/1.1'), [405]),
  },
  {
    name: 'two Hosts',
    promise: 'a request with two Hosts is refused with 400',
    run: (start) => refused(start, (proxy) => ask(proxy, 'GET /a HTTP/1.1', 'Host: b'), [400]),
  },
  {
    name: 'no Host',
    promise: 'a request of HTTP/1.1 without a Host is refused with 400',
    run: (start) => refused(start, ({ secret }) => `GET /a HTTP/1.1\r\nx-api-key: ${secret}\r\n\r\n`, [400]),
  },
  {
    name: 'a Host that is none',
    promise: 'a Host with a user, a path or a blank is refused with 400',
    run: async (start) => {
      for (const host of ['user@a', 'a/b', 'a b', 'a:x', 'a, b']) {
        const bytes = (secret: string) => `GET /a HTTP/1.1\r\nHost: ${host}\r\nx-api-key: ${secret}\r\n\r\n`
        const wrong = await refused(start, ({ secret }) => bytes(secret), [400])
        if (wrong !== undefined) return `${host}: ${wrong}`
      }
      return undefined
    },
  },
  {
    name: 'an oversize target',
    promise: 'a target of more than 8,192 characters is refused with 414',
    run: (start) => refused(start, (proxy) => ask(proxy, `GET /${'a'.repeat(8_192)} HTTP/1.1`), [414]),
  },
  {
    name: 'paths that two servers read differently',
    promise: 'dot segments, encoded slashes and empty segments are refused, or go on as they are',
    run: async (start) => {
      const upstream = await ScriptedUpstream.answering(answerOf('ok'))
      const proxy = await start(upstream.port)
      const paths = [
        '/a/../b',
        '/a/./b',
        '/a/%2e%2e/b',
        '/a/%2E%2E%2fb',
        '/a%2fb',
        '/a%5cb',
        '/a\\..\\b',
        '/a//b',
        '//b/a',
      ]
      for (const path of paths) {
        const before = upstream.requests.length
        const { first } = await tell(proxy.port, ask(proxy, `GET ${path} HTTP/1.1`))
        const seen = upstream.requests.slice(before).map((request) => request.target)
        if (seen.some((target) => target !== path)) return `${path} became ${seen}`
        if (seen.length === 0 && first?.status !== 400) return `${path} was neither forwarded nor refused`
      }
      return undefined
    },
  },
  {
    name: 'encoded line ends',
    promise: 'a line end that is encoded in a target never becomes one',
    run: async (start) => {
      const upstream = await ScriptedUpstream.answering(answerOf('ok'))
      const proxy = await start(upstream.port)
      for (const target of ['/a%0d%0aX-Evil:%201', '/a?b=%0d%0aX-Evil:%201', '/a%0aX-Evil:%201']) {
        await tell(proxy.port, ask(proxy, `GET ${target} HTTP/1.1`))
        if (/\nX-Evil/.test(upstream.received)) return quote(upstream.received)
      }
      return undefined
    },
  },
]
