import { BODIES, type Draft, inChunk, ODD_BYTES, type PayloadContext, request } from './payload-parts.ts'

/** Payloads that are broken, or odd, in the request line, the fields, the versions and the methods. */
export function syntaxDrafts(): readonly Draft[] {
  return [...placeDrafts(), ...versionDrafts(), ...methodDrafts(), ...prefixDrafts(), ...foldDrafts()]
}

/** A place in the head of a request where a byte may stand that does not belong there. */
type Place = readonly [name: string, head: (context: PayloadContext, byte: string) => string]

const PLACES: readonly Place[] = [
  ['before the method', ({ path, usual }, byte) => `${byte}POST ${path} HTTP/1.1\r\n${usual}`],
  ['in the method', ({ path, usual }, byte) => `PO${byte}ST ${path} HTTP/1.1\r\n${usual}`],
  ['behind the method', ({ path, usual }, byte) => `POST${byte} ${path} HTTP/1.1\r\n${usual}`],
  ['for the first blank', ({ path, usual }, byte) => `POST${byte}${path} HTTP/1.1\r\n${usual}`],
  ['in the target', ({ path, usual }, byte) => `POST ${path}${byte}x HTTP/1.1\r\n${usual}`],
  ['in the query', ({ path, usual }, byte) => `POST ${path}?a=${byte}b HTTP/1.1\r\n${usual}`],
  ['for the second blank', ({ path, usual }, byte) => `POST ${path}${byte}HTTP/1.1\r\n${usual}`],
  ['behind the version', ({ path, usual }, byte) => `POST ${path} HTTP/1.1${byte}\r\n${usual}`],
  ['behind the first line', ({ path, usual }, byte) => `POST ${path} HTTP/1.1\r\n${byte}${usual}`],
  ['in a name', ({ path, usual }, byte) => `POST ${path} HTTP/1.1\r\n${usual}X${byte}Y: z\r\n`],
  ['for a name', ({ path, usual }, byte) => `POST ${path} HTTP/1.1\r\n${usual}${byte}: z\r\n`],
  ['in a value', ({ path, usual }, byte) => `POST ${path} HTTP/1.1\r\n${usual}X: y${byte}z\r\n`],
  ['for a line end', ({ path, usual }, byte) => `POST ${path} HTTP/1.1\r\n${usual}X: y${byte}Z: a\r\n`],
  ['for a field', ({ path, usual }, byte) => `POST ${path} HTTP/1.1\r\n${usual}${byte}\r\n`],
  ['in the host', ({ path, key }, byte) => `POST ${path} HTTP/1.1\r\nHost: a${byte}b\r\n${key}`],
]

function placeDrafts(): readonly Draft[] {
  const framings: readonly ((canary: string) => readonly [string, string])[] = [
    (canary) => [`Content-Length: ${canary.length}\r\n`, canary],
    (canary) => ['Transfer-Encoding: chunked\r\n', inChunk(canary)],
  ]
  return PLACES.flatMap(([place, head]) =>
    ODD_BYTES.flatMap((byte) =>
      framings.map((framing, index): Draft => {
        return {
          name: `${JSON.stringify(byte)} ${place}, ${index === 0 ? 'with a length' : 'in chunks'}`,
          make: (context) => {
            const [field, body] = framing(context.canary)
            return `${head(context, byte)}${field}\r\n${body}`
          },
        }
      }),
    ),
  )
}

const VERSIONS: readonly string[] = [
  ...[
    'HTTP/1.0',
    'HTTP/0.9',
    'HTTP/1.2',
    'HTTP/1.9',
    'HTTP/2.0',
    'HTTP/2',
    'HTTP/3.0',
    'HTTP/1.01',
    'HTTP/01.1',
  ],
  ...['HTTP/1.10', 'HTTP/1.', 'HTTP/.1', 'HTTP/1', 'HTTP/', 'http/1.1', 'Http/1.1', 'HTTP/ 1.1', 'HTTP /1.1'],
  ...[
    'HTTPS/1.1',
    'HTP/1.1',
    'ICY/1.1',
    'RTSP/1.0',
    'HTTP/1.1 HTTP/1.1',
    'x HTTP/1.1',
    'HTTP/1,1',
    'HTTP-1.1',
  ],
  ...['HTTP/11', 'HTTP/-1.1', 'HTTP/1.1x', 'HTTP\\1.1', 'HTTP//1.1', '', 'HTTP/1.\xb2', 'HTTP/1.1;x'],
]

function versionDrafts(): readonly Draft[] {
  const framings: readonly (readonly [string, (canary: string) => readonly [string, string]])[] = [
    ['no framing', (canary) => ['', canary]],
    ['a length', (canary) => [`Content-Length: ${canary.length}\r\n`, canary]],
    ['chunks', (canary) => ['Transfer-Encoding: chunked\r\n', inChunk(canary)]],
    ['chunks that end', (canary) => ['Transfer-Encoding: chunked\r\n', `0\r\n\r\n${canary}`]],
    ['both', (canary) => ['Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${canary}`]],
  ]
  return VERSIONS.flatMap((version) =>
    framings.flatMap(([framing, make]) =>
      ['', 'Connection: keep-alive\r\n'].map((connection): Draft => {
        return {
          name: `version ${JSON.stringify(version)}, ${framing}, ${connection.trim() || 'no Connection'}`,
          make: ({ path, usual, canary }) => {
            const [field, body] = make(canary)
            return `POST ${path} ${version}\r\n${usual}${connection}${field}\r\n${body}`
          },
        }
      }),
    ),
  )
}

const METHODS: readonly string[] = [
  ...['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT', 'PATCH', 'PURGE', 'PROPFIND', 'LINK', 'QUERY'],
  ...['get', 'post', 'Post', 'head', 'GET\t', 'G ET', 'GET /', 'GE', 'GETX', 'X', '_', '!', 'PRI', 'SOURCE'],
  ...[
    '',
    'GET,POST',
    'GET:',
    '"GET"',
    'G\xc9T',
    'A'.repeat(2_000),
    'POST\x0b',
    'M-SEARCH',
    'HTTP/1.1',
    'SUBSCRIBE',
  ],
]

function methodDrafts(): readonly Draft[] {
  return METHODS.flatMap((method) => [
    ...BODIES.flatMap((shape): readonly Draft[] => [
      {
        name: `method ${JSON.stringify(method.slice(0, 20))} with chunks, body ${shape.name}`,
        make: (context) =>
          request(context, ['Transfer-Encoding: chunked'], shape.make(context.canary).text, method),
      },
      {
        name: `method ${JSON.stringify(method.slice(0, 20))} with a length, body ${shape.name}`,
        make: (context) => {
          const { text } = shape.make(context.canary)
          return request(context, [`Content-Length: ${text.length}`], text, method)
        },
      },
    ]),
    {
      name: `method ${JSON.stringify(method.slice(0, 20))} with a request behind it`,
      make: (context) => request(context, [], context.canary, method),
    },
  ])
}

const PREFIXES: readonly string[] = [
  ...[
    '\r\n',
    '\r\n\r\n',
    '\n',
    '\r',
    '\n\n',
    '\r\r\n',
    ' ',
    '\t',
    '\0',
    '\r\n ',
    ' \r\n',
    '\x0b',
    'x',
    'x\r\n',
  ],
  ...[
    '\r\n'.repeat(200),
    '\xef\xbb\xbf',
    '\x16\x03\x01\x02\0',
    '0\r\n\r\n',
    '\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\r\n\r\n',
  ],
  ...[
    'GET / HTTP/1.1\r\n\r\n',
    'GET /\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\n',
  ],
]

function prefixDrafts(): readonly Draft[] {
  return PREFIXES.flatMap((prefix) => [
    ...BODIES.map((shape): Draft => {
      return {
        name: `${JSON.stringify(prefix.slice(0, 20))} first, chunks, body ${shape.name}`,
        make: (context) =>
          prefix + request(context, ['Transfer-Encoding: chunked'], shape.make(context.canary).text),
      }
    }),
    {
      name: `${JSON.stringify(prefix.slice(0, 20))} before a request and between it and the next`,
      make: (context) => `${prefix}${request(context, [], '', 'GET')}${prefix}${context.canary}`,
    },
  ])
}

/** Fields that go on in the next line, which no one may send any more. */
function foldDrafts(): readonly Draft[] {
  const names = ['X', 'Content-Length', 'Transfer-Encoding', 'Connection', 'Cookie', 'Expect']
  return names.flatMap((name) =>
    [' ', '\t', ' \t ', '  x', ' Content-Length: 5', ' Transfer-Encoding: chunked', '\tX: y'].flatMap(
      (fold) =>
        BODIES.map((shape): Draft => {
          return {
            name: `${name} folded with ${JSON.stringify(fold)}, body ${shape.name}`,
            make: (context) => {
              const { text } = shape.make(context.canary)
              const value =
                { 'Content-Length': `${text.length}`, 'Transfer-Encoding': 'chunked' }[name] ?? 'y'
              return request(context, [`${name}: ${value}\r\n${fold}`], text)
            },
          }
        }),
    ),
  )
}
