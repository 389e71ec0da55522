import { type Draft, ODD_BYTES, type PayloadContext, request } from './payload-parts.ts'

/** Payloads whose chunks are not what they seem: sizes, extensions, line ends, the last one, trailers. */
export function chunkDrafts(): readonly Draft[] {
  const sizes = SIZES.flatMap((spell) => [
    chunked(`chunk of size ${JSON.stringify(spell(0x2a))}`, ({ canary }) => {
      return `${spell(canary.length)}\r\n${canary}\r\n0\r\n\r\n`
    }),
    chunked(`last chunk of size ${JSON.stringify(spell(0))}`, ({ canary }) => `${spell(0)}\r\n\r\n${canary}`),
  ])
  const extensions = EXTENSIONS.flatMap((extension) => [
    chunked(`chunk with ${JSON.stringify(extension)}`, ({ canary }) => {
      return `${canary.length.toString(16)}${extension}\r\n${canary}\r\n0\r\n\r\n`
    }),
    chunked(`last chunk with ${JSON.stringify(extension)}`, ({ canary }) => `0${extension}\r\n\r\n${canary}`),
  ])
  const ends = ENDS.flatMap((end) => [
    chunked(`${JSON.stringify(end)} behind a size`, ({ canary }) => {
      return `${canary.length.toString(16)}${end}${canary}\r\n0\r\n\r\n`
    }),
    chunked(`${JSON.stringify(end)} behind a chunk`, ({ canary }) => `5\r\nhello${end}0\r\n\r\n${canary}`),
    chunked(`${JSON.stringify(end)} behind the last size`, ({ canary }) => `0${end}\r\n${canary}`),
    chunked(`${JSON.stringify(end)} behind the body`, ({ canary }) => `0\r\n${end}${canary}`),
    chunked(`${JSON.stringify(end)} everywhere`, ({ canary }) => `5${end}hello${end}0${end}${end}${canary}`),
  ])
  const trailers = TRAILERS.flatMap((trailer) => [
    chunked(`trailer ${JSON.stringify(trailer)}`, ({ canary }) => `0\r\n${trailer}\r\n\r\n${canary}`),
    chunked(`trailer ${JSON.stringify(trailer)} behind a chunk`, ({ canary }) => {
      return `5\r\nhello\r\n0\r\n${trailer}\r\n\r\n${canary}`
    }),
  ])
  return [...sizes, ...extensions, ...ends, ...trailers, ...misfits()]
}

function chunked(name: string, body: (context: PayloadContext) => string): Draft {
  return { name, make: (context) => request(context, ['Transfer-Encoding: chunked'], body(context)) }
}

const SIZES: readonly ((n: number) => string)[] = [
  ...['0x', '0X', '+', '-', '00', '0000000000', ' ', '\t', '\x0b', '\0', '\r', '\n', '"', '#', '_'].map(
    (before) => (n: number) => `${before}${n.toString(16)}`,
  ),
  ...[' ', '\t', '  ', '\x0b', '\0', 'h', 'g', 'x', '.', '.0', ',', ' x', ' 0', '"', '\xa0', '\r', '_0'].map(
    (behind) => (n: number) => `${n.toString(16)}${behind}`,
  ),
  (n) => n.toString(16).toUpperCase(),
  (n) => n.toString(10),
  (n) => `${'0'.repeat(5_000)}${n.toString(16)}`,
  (n) => `f${'f'.repeat(15)}${n.toString(16)}`,
  (n) => `1${n.toString(16).padStart(8, '0')}`,
  (n) => `1${n.toString(16).padStart(16, '0')}`,
  (n) => `1${n.toString(16).padStart(20, '0')}`,
  (n) => `8${n.toString(16).padStart(15, '0')}`,
  (n) => `"${n.toString(16)}"`,
  (n) => `${n.toString(16)} ${n.toString(16)}`,
  (n) => `${n.toString(16)}\r\n `,
  () => '',
  () => '-1',
  () => 'ffffffffffffffff',
  () => '7fffffffffffffff',
  () => 'zz',
]

const EXTENSIONS: readonly string[] = [
  ...[';', ';a', ';a=b', ';a="b"', ';a="', ';a="b', ';a=b"', ';;', ';=', ';a=', ';=b', ' ;a', '; a', ';a ;b'],
  ...[';a="\r\n"', ';a="\n"', ';a="\r"', ';\r', ';\n', ';a\n', ';a\nb', ';a\rb', ';a=b\r', ';a=b\n', '\n;a'],
  ...[';a="\\"', ';a="\\\r\n"', ';a="b";c', ';a="b"c', ';\0', ';a\0b', ';\x0b', ';\x7f', ';\x80', ';\xff'],
  ...[`;${'a'.repeat(4_000)}`, `;a="${'b'.repeat(20_000)}"`, ';a=b'.repeat(1_000), ';a b', ';a=b c', ' a=b'],
]

const ENDS: readonly string[] = [
  ...['', '\n', '\r', '\r\r', '\n\n', '\n\r', '\r\n\r\n', '\r\r\n', 'x\r\n', ' \r\n', '\0\r\n', 'xx', ';\n'],
  ...['\r\n ', '\r\n\n', '\x85', '\u0085', '\r\n\t', '\x0b', '\x0c'],
]

const TRAILERS: readonly string[] = [
  ...['X: y', 'Content-Length: 5', 'Transfer-Encoding: chunked', 'Host: b', 'x-gatez-tenant: other'],
  ...['X', ':', ' X: y', 'X : y', 'X: y\n', 'X: y\rZ: a', 'X: \0', 'GET /x HTTP/1.1', 'X: y\r\n z', '\0'],
  ...[`X: ${'y'.repeat(20_000)}`, 'X: y\r\n'.repeat(3_000).slice(0, -2), 'Connection: close', 'X: y\n\nZ: a'],
]

/** Chunks cut short, missing, or followed by what is none. */
function misfits(): readonly Draft[] {
  const bodies: readonly (readonly [string, (context: PayloadContext) => string])[] = [
    ['no chunk at all', () => ''],
    ['a size alone', () => '5'],
    ['a chunk that is cut', () => '5\r\nhel'],
    ['no last chunk', () => '5\r\nhello\r\n'],
    ['a chunk longer than its size', ({ canary }) => `5\r\nhello${canary}\r\n0\r\n\r\n`],
    ['a chunk shorter than its size', ({ canary }) => `f\r\nhello\r\n0\r\n\r\n${canary}`],
    ['two last chunks', ({ canary }) => `0\r\n\r\n0\r\n\r\n${canary}`],
    ['half an end', ({ canary }) => `0\r\n${canary}`],
    ['an end in the data', ({ canary }) => `7\r\n0\r\n\r\nGE\r\n0\r\n\r\n${canary}`],
    ['a request for a size', ({ canary }) => canary],
    ['a blank line first', ({ canary }) => `\r\n0\r\n\r\n${canary}`],
    ['single bytes', ({ canary }) => `${[...canary].map((byte) => `1\r\n${byte}\r\n`).join('')}0\r\n\r\n`],
  ]
  const odd = ODD_BYTES.flatMap((byte) => [
    chunked(`${JSON.stringify(byte)} first in the body`, ({ canary }) => `${byte}0\r\n\r\n${canary}`),
    chunked(`${JSON.stringify(byte)} before a size`, ({ canary }) => {
      return `5\r\nhello\r\n${byte}${canary.length.toString(16)}\r\n${canary}\r\n0\r\n\r\n`
    }),
  ])
  return [...bodies.map(([name, body]) => chunked(name, body)), ...odd]
}
