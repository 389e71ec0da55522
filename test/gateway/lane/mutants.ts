import { randomFrom } from '../../support/random.ts'

/**
 * Messages made of others by changing bytes, always the same ones for a seed. latin1: one character is one byte.
 *
 * Each has up to three changes: bytes that parsers trip over or fields put in, bytes taken out, doubled, or become others.
 */
export function* mutants(corpus: readonly string[], count: number, seed: number): Generator<string> {
  const random = randomFrom(seed)
  const pick = <Item>(items: readonly Item[]): Item => items[random(items.length)] as Item
  for (let made = 0; made < count; made += 1) {
    let message = pick(corpus)
    const changes = random(4)
    for (let change = 0; change < changes; change += 1) {
      const at = random(message.length + 1)
      const length = 1 + random(4)
      const [before, behind] = [message.slice(0, at), message.slice(at)]
      const kind = random(6)
      if (kind === 0) message = before + pick(TRAPS) + behind
      else if (kind === 1) message = before + pick(TRAPS) + behind.slice(length)
      else if (kind === 2) message = before + behind.slice(length)
      else if (kind === 3) message = before + behind.slice(0, length) + behind
      else if (kind === 4) message = before + String.fromCharCode(random(256)) + behind.slice(1)
      else message = atLine(before, pick(FIELDS), behind)
    }
    yield message
  }
}

/** Puts a line in at the next place where one can begin. */
function atLine(before: string, line: string, behind: string): string {
  const end = behind.indexOf('\r\n')
  if (end === -1) return before + line + behind
  return `${before}${behind.slice(0, end)}\r\n${line}${behind.slice(end)}`
}

const TRAPS: readonly string[] = [
  ...[
    '\r',
    '\n',
    '\r\n',
    '\r\n\r\n',
    '\0',
    ' ',
    '\t',
    ':',
    ': ',
    ' :',
    ',',
    ';',
    '\x0b',
    '\x0c',
    '\x7f',
    '\x80',
    '\xff',
  ],
  ...[
    '\r\n ',
    '\r\n\t',
    '#',
    '?',
    '%',
    '\\',
    '"',
    '//',
    '/../',
    'HTTP/1.0',
    'HTTP/1.1',
    'HTTP/2.0',
    '0',
    '-1',
    '+',
  ],
]

const FIELDS: readonly string[] = [
  ...[
    'Content-Length: 0',
    'Content-Length: 5',
    'content-length: 4, 4',
    'Content-Length:',
    'Content-Length: +5',
  ],
  ...[
    'Transfer-Encoding: chunked',
    'transfer-encoding: identity',
    'Transfer-Encoding : chunked',
    'TE: trailers',
  ],
  ...[
    'Connection: close',
    'Connection: keep-alive',
    'connection: Keep-Alive',
    'Connection: upgrade',
    'Connection: x',
  ],
  ...[
    'Upgrade: websocket',
    'Expect: 100-continue',
    'Proxy-Connection: close',
    'Keep-Alive: timeout=5',
    'Trailer: x',
  ],
  ...[
    'Keep-Alive: timeout=1',
    'Keep-Alive: max=1',
    'X-Empty:',
    'X-Space:  a',
    'X-Space: a ',
    'X: \xe4',
    'x',
    ': y',
    'Host: b',
  ],
  ...[
    'constructor: x',
    '__proto__: x',
    'toString: x',
    'Set-Cookie: a=1',
    'Date: x',
    ' folded',
    '1: 2',
    'a_b: c',
  ],
]
