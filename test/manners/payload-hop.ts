import { BODIES, type Draft, inChunk, ODD_BYTES, type PayloadContext, request } from './payload-parts.ts'

/** Payloads around a body that no one may run: wishes for the connection, refusals, fields of others. */
export function hopDrafts(): readonly Draft[] {
  return [...connectionDrafts(), ...refusedDrafts(), ...nameDrafts()]
}

const CONNECTIONS: readonly string[] = [
  ...[
    'content-length',
    'transfer-encoding',
    'host',
    'x-api-key',
    'close, content-length',
    'keep-alive',
    'close',
  ],
  ...['upgrade', 'upgrade\r\nUpgrade: websocket', 'upgrade\r\nUpgrade: h2c', 'upgrade\r\nUpgrade: HTTP/2.0'],
  ...[
    'upgrade, http2-settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk',
    'upgrade\r\nUpgrade: websocket, h2c',
  ],
  ...[
    'upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13',
  ],
  ...[
    'x-a\r\nX-A: b',
    '',
    ',',
    'close\r\nConnection: keep-alive',
    'keep-alive\r\nConnection: close',
    'te\r\nTE: trailers',
  ],
]

function connectionDrafts(): readonly Draft[] {
  return CONNECTIONS.flatMap((value) =>
    ['GET', 'POST', 'HEAD'].flatMap((method) => [
      ...BODIES.slice(1).map((shape): Draft => {
        return {
          name: `${method} with Connection ${JSON.stringify(value)}, body ${shape.name}`,
          make: (context) => {
            const { text } = shape.make(context.canary)
            const framing =
              shape.name === 'inside' ? 'Transfer-Encoding: chunked' : `Content-Length: ${text.length}`
            return request(context, [`Connection: ${value}`, framing], text, method)
          },
        }
      }),
      {
        name: `${method} with Connection ${JSON.stringify(value)} and a request behind it`,
        make: (context: PayloadContext) => request(context, [`Connection: ${value}`], context.canary, method),
      },
    ]),
  )
}

/** Requests that are refused before their body is read, whose body is a request. */
const REFUSED: readonly (readonly [string, (context: PayloadContext) => string])[] = [
  ['no key', ({ path, host }) => `POST ${path} HTTP/1.1\r\n${host}`],
  ['a wrong key', ({ path, host }) => `POST ${path} HTTP/1.1\r\n${host}x-api-key: gz_live_wrong\r\n`],
  ['two keys', ({ path, usual, key }) => `POST ${path} HTTP/1.1\r\n${usual}${key}`],
  ['no host', ({ path, key }) => `POST ${path} HTTP/1.1\r\n${key}`],
  ['two hosts', ({ path, usual, host }) => `POST ${path} HTTP/1.1\r\n${usual}${host}`],
  ['dots', ({ path, usual }) => `POST ${path}/../x HTTP/1.1\r\n${usual}`],
  ['a long target', ({ path, usual }) => `POST ${path}?${'q'.repeat(9_000)} HTTP/1.1\r\n${usual}`],
  ['101 fields', ({ path, usual }) => `POST ${path} HTTP/1.1\r\n${usual}${'x: y\r\n'.repeat(101)}`],
  ['a huge head', ({ path, usual }) => `POST ${path} HTTP/1.1\r\n${usual}x: ${'y'.repeat(20_000)}\r\n`],
  ['TRACE', ({ path, usual }) => `TRACE ${path} HTTP/1.1\r\n${usual}`],
  ['a coding', ({ path, usual }) => `POST ${path} HTTP/1.1\r\n${usual}Transfer-Encoding: gzip\r\n`],
]

function refusedDrafts(): readonly Draft[] {
  const extras = ['', 'Expect: 100-continue\r\n', 'Connection: keep-alive\r\n']
  return REFUSED.flatMap(([why, head]) =>
    extras.flatMap((extra) =>
      [0, 1, 70_000].flatMap((padding): readonly Draft[] => [
        {
          name: `refused for ${why}, a length, ${JSON.stringify(extra)}, ${padding} bytes before`,
          make: (context) => {
            const body = `${'\n'.repeat(padding)}${context.canary}`
            return `${head(context)}${extra}Content-Length: ${body.length}\r\n\r\n${body}`
          },
        },
        {
          name: `refused for ${why}, chunks, ${JSON.stringify(extra)}, ${padding} bytes before`,
          make: (context) =>
            `${head(context)}${extra}Transfer-Encoding: chunked\r\n\r\n${inChunk('\n'.repeat(padding) + context.canary)}`,
        },
      ]),
    ),
  )
}

/** Names and values that are no one's business, around a body. */
function nameDrafts(): readonly Draft[] {
  const lines = [
    ...[
      'x_gatez_tenant: a',
      'X-Gatez-Tenant: a',
      'x-gatez-tenant : a',
      'Content_Length: 5',
      'Transfer_Encoding: x',
    ],
    ...[
      'X-HTTP-Method-Override: DELETE',
      'X-Original-URL: /x',
      'Trailer: Content-Length',
      'TE: chunked',
      'Keep-Alive: 5',
    ],
    ...[
      'Proxy-Connection: x',
      'Content-Encoding: gzip',
      'Range: bytes=0-',
      'Max-Forwards: 0',
      'X: ',
      'X:',
      'X:y',
      ': y',
      'X',
    ],
  ]
  return [...lines, ...ODD_BYTES.map((byte) => `X-${byte}: y`)].map((line): Draft => {
    return {
      name: `field ${JSON.stringify(line)}`,
      make: (context) => request(context, [line, `Content-Length: ${context.canary.length}`], context.canary),
    }
  })
}
