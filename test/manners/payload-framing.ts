import { BODIES, type Draft, inChunk, ODD_BYTES, request } from './payload-parts.ts'

/** Payloads that lie about where their body ends: codings, lengths, and both. */
export function framingDrafts(): readonly Draft[] {
  return [...codingDrafts(), ...lengthDrafts(), ...twoLengthDrafts(), ...disguisedDrafts()]
}

const CODING_FIELDS: readonly string[] = [
  ...['chunked', 'Chunked', 'CHUNKED', 'cHuNkEd', 'xchunked', 'chunkedx', 'chunke', 'chunk', 'identity'],
  ...['chunked, identity', 'identity, chunked', 'gzip, chunked', 'chunked, gzip', 'chunked, chunked'],
  ...['chunked,', ',chunked', 'chunked;', 'chunked;q=1', 'chunked; a=b', '"chunked"', "'chunked'", ''],
  ...['chunked chunked', 'x chunked', 'chunked x', '[chunked]', '(chunked)', 'identity chunked', 'null'],
  ...['deflate', 'compress', 'trailers', 'chun ked', 'chu\\nked', '%63hunked', '=?utf-8?q?chunked?=', '0'],
].map((value) => `Transfer-Encoding: ${value}`)

const CODING_LINES: readonly string[] = [
  ...CODING_FIELDS,
  ...ODD_BYTES.flatMap((byte) => [
    `Transfer-Encoding:${byte}chunked`,
    `Transfer-Encoding: chunked${byte}`,
    `Transfer-Encoding${byte}: chunked`,
    `${byte}Transfer-Encoding: chunked`,
  ]),
  'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked',
  'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity',
  'Transfer-Encoding: identity\r\nTransfer-Encoding: chunked',
  'Transfer-Encoding: x\r\nTransfer-Encoding: chunked',
  'Transfer-Encoding: chunked\r\nTransfer-Encoding: x',
  'Transfer-Encoding: chunked\r\nTransfer-encoding: ',
  'Transfer-Encoding:\r\n chunked',
  'Transfer-Encoding: x\r\n chunked',
  'Transfer-Encoding:\r\n\tchunked',
  'Transfer-Encoding: chunked\r\n x',
  'transfer-encoding: chunked',
  'TRANSFER-ENCODING: chunked',
  'X: y\r\nTransfer-Encoding: chunked',
  'X: y\nTransfer-Encoding: chunked',
  'X: y\rTransfer-Encoding: chunked',
  'X: "\r\nTransfer-Encoding: chunked\r\nY: "',
]

/** Each coding: alone, and with a length that ends before or behind the hidden request, on either side. */
function codingDrafts(): readonly Draft[] {
  const lengths = ['none', 'whole', 'cut'] as const
  return CODING_LINES.flatMap((coding) =>
    BODIES.flatMap((shape) =>
      lengths.flatMap((length) =>
        ['before', 'behind'].flatMap((side): readonly Draft[] => {
          if (length === 'none' && side === 'behind') return []
          const name = `${JSON.stringify(coding)}, length ${length} ${side}, body ${shape.name}`
          return [
            {
              name,
              make: (context) => {
                const { text, cut } = shape.make(context.canary)
                const field = `Content-Length: ${length === 'whole' ? text.length : cut}`
                const both = side === 'before' ? [field, coding] : [coding, field]
                return request(context, length === 'none' ? [coding] : both, text)
              },
            },
          ]
        }),
      ),
    ),
  )
}

/** Spellings of a length; `n` is the number. */
const LENGTH_SPELLINGS: readonly ((n: number) => string)[] = [
  ...['', '+', '-', '0', '00', '0x', '0b', '0o', ' ', '\t', '\x0b', '\xa0', '\0', ',', '=', '"', '#'].map(
    (before) => (n: number) => `${before}${n}`,
  ),
  ...[
    ' ',
    '\t',
    ',',
    ';',
    '.',
    '.0',
    'e0',
    'x',
    ' x',
    ' 0',
    ',0',
    '\0',
    '\x0b',
    '\xa0',
    '_',
    'n',
    'L',
    '"',
  ].map((behind) => (n: number) => `${n}${behind}`),
  (n) => `${n}, ${n}`,
  (n) => `${n},${n + 1}`,
  (n) => `0, ${n}`,
  (n) => `${n} ${n}`,
  (n) => `\r\n ${n}`,
  (n) => `${n}\r\n 0`,
  (n) => `${n}\r\n `,
  (n) => `"${n}"`,
  (n) => `(${n})`,
  (n) => `0x${n.toString(16)}`,
  (n) => n.toString(16),
  (n) => `${'0'.repeat(300)}${n}`,
  (n) => `${'0'.repeat(12_000)}${n}`,
  (n) => `1${'0'.repeat(40)}${n}`,
  (n) => String(2n ** 64n + BigInt(n)),
  (n) => String(2n ** 32n + BigInt(n)),
  (n) => String(2n ** 63n + BigInt(n)),
  (n) => `${Math.floor(n / 10)}_${n % 10}`,
  (n) => `${Math.floor(n / 10)} ${n % 10}`,
  (n) => `${Math.floor(n / 10)}\n${n % 10}`,
  () => '',
  () => ' ',
  () => '-0',
  () => '+0',
  () => '-1',
  () => 'NaN',
  () => 'Infinity',
  () => '1e3',
  () => '\u00b2\u00b3',
]

function lengthDrafts(): readonly Draft[] {
  return LENGTH_SPELLINGS.flatMap((spell) =>
    ['POST', 'GET', 'HEAD', 'DELETE'].flatMap((method) =>
      ['whole', 'nothing', 'one more'].map((extent): Draft => {
        const name = `${method} with length ${JSON.stringify(spell(7).slice(0, 40))} for ${extent}`
        return {
          name,
          make: (context) => {
            const { length } = context.canary
            const n = extent === 'whole' ? length : extent === 'nothing' ? 0 : length + 1
            return request(context, [`Content-Length: ${spell(n)}`], context.canary, method)
          },
        }
      }),
    ),
  )
}

/** Two lengths, in one spelling or two, that agree or do not. */
function twoLengthDrafts(): readonly Draft[] {
  const seconds = ['Content-Length', 'content-length', 'CONTENT-LENGTH', 'Content-Length ', 'Content_Length']
  return seconds.flatMap((second) =>
    ['whole whole', 'whole 0', '0 whole', '0 0', 'whole +whole', 'whole x'].flatMap((values) =>
      ['', 'X: y'].map((between): Draft => {
        return {
          name: `two lengths: ${values}, the second as ${JSON.stringify(second)}, between ${between}`,
          make: (context) => {
            const [one = '', two = ''] = values
              .split(' ')
              .map((each) => each.replace('whole', `${context.canary.length}`))
            const middle = between === '' ? [] : [between]
            const fields = [`Content-Length: ${one}`, ...middle, `${second}: ${two}`]
            return request(context, fields, context.canary)
          },
        }
      }),
    ),
  )
}

/** Names that some server takes for a framing field. */
const DISGUISES: readonly ((name: string) => string)[] = [
  (name) => name.replace('-', '_'),
  (name) => name.replace('-', ''),
  (name) => name.replace('-', ' '),
  (name) => name.replace('-', '--'),
  (name) => name.replace('-', '\u00ad'),
  (name) => name.replace('-', '%2d'),
  (name) => name.replace('-', '.'),
  (name) => `${name}:`,
  (name) => `:${name}`,
  (name) => `"${name}"`,
  (name) => `${name}\0`,
  (name) => `\0${name}`,
  (name) => `${name}-`,
  (name) => `X-${name}`,
  (name) => `HTTP_${name.toUpperCase().replace('-', '_')}`,
  (name) => name.replace('n', '\xf1'),
  (name) => name.replace('e', '\xe9'),
  (name) => `${name}(x)`,
  (name) => `${name}\x85`,
  (name) => `\xef\xbb\xbf${name}`,
]

function disguisedDrafts(): readonly Draft[] {
  return DISGUISES.flatMap((disguise) =>
    ['none', 'Content-Length', 'Transfer-Encoding'].flatMap((other) =>
      ['Content-Length', 'Transfer-Encoding'].map((name): Draft => {
        const written = disguise(name)
        return {
          name: `${JSON.stringify(written)} beside ${other}`,
          make: (context) => {
            const body = inChunk(context.canary)
            const valueFor = (each: string) => (each === 'Content-Length' ? `${body.length}` : 'chunked')
            const fields = [`${written}: ${valueFor(name)}`]
            return request(
              context,
              other === 'none' ? fields : [...fields, `${other}: ${valueFor(other)}`],
              body,
            )
          },
        }
      }),
    ),
  )
}
