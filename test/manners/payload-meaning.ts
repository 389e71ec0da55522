import { BODIES, type Draft, inChunk, request } from './payload-parts.ts'

/** Payloads that are mostly well-formed and mean trouble by whom or what they ask for, or what they expect. */
export function meaningDrafts(): readonly Draft[] {
  return [...expectDrafts(), ...hostDrafts(), ...targetDrafts()]
}

const EXPECTATIONS: readonly string[] = [
  ...['100-continue', '100-Continue', '100-CONTINUE', '"100-continue"', '100-continue, x', 'x, 100-continue'],
  ...[
    '100-continue\r\nExpect: 100-continue',
    '100-continue\r\nExpect: x',
    '200-ok',
    '',
    '100',
    '100-continue;a',
  ],
  ...[
    'y 100-continue',
    '100-continue x',
    '\t100-continue',
    '100-continue\0',
    '100-\r\n continue',
    'x=100-continue',
  ],
]

function expectDrafts(): readonly Draft[] {
  const framings: readonly (readonly [string, (canary: string) => readonly [string, string]])[] = [
    ['a length', (canary) => [`Content-Length: ${canary.length}`, canary]],
    ['a length of 0', (canary) => ['Content-Length: 0', canary]],
    ['a length of 00', (canary) => ['Content-Length: 00', canary]],
    ['a length too large', (canary) => [`Content-Length: ${canary.length + 50}`, canary]],
    ['chunks', (canary) => ['Transfer-Encoding: chunked', inChunk(canary)]],
    ['an obscured length', (canary) => [`Content-Length : ${canary.length}`, canary]],
  ]
  return EXPECTATIONS.flatMap((value) =>
    framings.flatMap(([framing, make]) =>
      ['POST', 'GET', 'HEAD'].map((method): Draft => {
        return {
          name: `${method} with Expect ${JSON.stringify(value)}, ${framing}`,
          make: (context) => {
            const [field, body] = make(context.canary)
            return request(context, [`Expect: ${value}`, field], body, method)
          },
        }
      }),
    ),
  )
}

const HOSTS: readonly string[] = [
  ...[
    '',
    ' ',
    'a b',
    'a,b',
    'a@b',
    'user:x@a',
    'a/b',
    'a?b',
    'a#b',
    'a\\b',
    'a:',
    'a:80',
    'a:99999',
    'a:x',
    ':80',
  ],
  ...[
    '[::1]',
    '[::1',
    '::1',
    'a:80:80',
    'a\0',
    'a\tb',
    '\xe9',
    'a%00',
    'a%0d%0ax: y',
    '*',
    '.',
    '..',
    'a..b',
  ],
  ...[
    'a\r\nHost: b',
    'a\r\nHost: a',
    'a\r\nhost: b',
    'a\r\n b',
    'a\r\nHost : b',
    'a\rHost: b',
    'a\nHost: b',
    '"a"',
  ],
  ...[
    '<a>',
    'a;b',
    'a|b',
    'a{b}',
    'http://a',
    '//a',
    'x'.repeat(300),
    'localhost',
    '127.0.0.1',
    '169.254.169.254',
  ],
]

function hostDrafts(): readonly Draft[] {
  return HOSTS.flatMap((host) =>
    BODIES.slice(1).map((shape): Draft => {
      return {
        name: `Host ${JSON.stringify(host.slice(0, 40))}, body ${shape.name}`,
        make: ({ path, key, canary }) => {
          const { text } = shape.make(canary)
          const framing =
            shape.name === 'inside' ? 'Transfer-Encoding: chunked' : `Content-Length: ${text.length}`
          return `POST ${path} HTTP/1.1\r\nHost: ${host}\r\n${key}${framing}\r\n\r\n${text}`
        },
      }
    }),
  )
}

/** Targets, of which `p` is the payload's own path. */
const TARGETS: readonly ((p: string) => string)[] = [
  (p) => `http://a${p}`,
  (p) => `http://b${p}`,
  (p) => `https://a${p}`,
  (p) => `HTTP://a${p}`,
  (p) => `ftp://a${p}`,
  (p) => `file://${p}`,
  (p) => `http://user@a${p}`,
  (p) => `http://a:1${p}`,
  (p) => `http:${p}`,
  (p) => `a:80${p}`,
  (p) => `*${p}`,
  (p) => `/${p}`,
  (p) => `${p}/../x`,
  (p) => `${p}/%2e%2e/x`,
  (p) => `${p}/%2E./x`,
  (p) => `${p}%2fx`,
  (p) => `${p}%5cx`,
  (p) => `${p}\\x`,
  (p) => `${p}//x`,
  (p) => `${p}/./x`,
  (p) => `${p};a=b/x`,
  (p) => `${p}%00`,
  (p) => `${p}%0d%0aX:%20y`,
  (p) => `${p}%20HTTP/1.1%0d%0aX:%20y`,
  (p) => `${p}?a=%0d%0aX:%20y`,
  (p) => `${p}%c0%af`,
  (p) => `${p}%`,
  (p) => `${p}%zz`,
  (p) => `${p}#x`,
  (p) => `${p}?a#x`,
  (p) => `${p}\xe9`,
  (p) => `${p}|x`,
  (p) => `${p}<x>`,
  (p) => `${p}"x"`,
  (p) => `${p}^x`,
  (p) => `${p}?${'q'.repeat(9_000)}`,
  (p) => `${p}?${'q'.repeat(20_000)}`,
  (p) => p.slice(1),
  (p) => `?${p}`,
  (p) => `${p} x`,
]

function targetDrafts(): readonly Draft[] {
  return TARGETS.flatMap((target) =>
    ['GET', 'POST', 'OPTIONS'].flatMap((method) =>
      BODIES.slice(1).map((shape): Draft => {
        return {
          name: `${method} ${JSON.stringify(target('/p').slice(0, 40))}, body ${shape.name}`,
          make: ({ path, usual, canary }) => {
            const { text } = shape.make(canary)
            const framing =
              shape.name === 'inside' ? 'Transfer-Encoding: chunked' : `Content-Length: ${text.length}`
            return `${method} ${target(path)} HTTP/1.1\r\n${usual}${framing}\r\n\r\n${text}`
          },
        }
      }),
    ),
  )
}
