/** What a payload is made of: its own place, its key, and a request hidden in its body. */
export interface PayloadContext {
  /** A path no other payload has. */
  readonly path: string
  /** The fields `Host` and `x-api-key`, each with its line end. */
  readonly usual: string
  readonly host: string
  readonly key: string
  /** A whole request that must not be run when it is in a body. */
  readonly canary: string
}

/** A payload before it has a number. */
export interface Draft {
  readonly name: string
  readonly make: (context: PayloadContext) => string
}

/** What a body looks like to the two ways of reading it, and where the one by length could end. */
export interface BodyShape {
  readonly name: string
  readonly make: (canary: string) => { readonly text: string; readonly cut: number }
}

/** Bodies that hold a whole request: behind the last chunk, in a chunk, and plain. */
export const BODIES: readonly BodyShape[] = [
  { name: 'ended', make: (canary) => ({ text: `0\r\n\r\n${canary}`, cut: 5 }) },
  { name: 'inside', make: (canary) => ({ text: inChunk(canary), cut: inChunk(canary).indexOf('\n') + 1 }) },
  { name: 'plain', make: (canary) => ({ text: canary, cut: 0 }) },
]

/** A chunk, and the last one. */
export function inChunk(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`
}

/** A request with a line, the usual fields and some of its own. */
export function request(
  { path, usual }: PayloadContext,
  fields: readonly string[],
  body = '',
  method = 'POST',
): string {
  return `${method} ${path} HTTP/1.1\r\n${usual}${fields.map((field) => `${field}\r\n`).join('')}\r\n${body}`
}

/** Bytes that some parser somewhere takes for a blank or a line end, or stumbles over. */
export const ODD_BYTES: readonly string[] = [
  ...['\0', '\x01', '\t', '\x0b', '\x0c', '\x1c', '\x1f', ' ', '\x7f', '\x80', '\x85', '\xa0', '\xff'],
  ...['\r', '\n', '\r\r', '\n\n', '\r\n', '\r\n ', '\r\n\t', '\n ', '"', "'", ',', ';', '\\', ':', '_'],
]
