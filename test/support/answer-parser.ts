/** An answer that arrived whole. */
export interface RawAnswer {
  readonly status: number
  /** By name in lower case; the last of several wins. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: Buffer
}

/** Reads the answers on one connection: Content-Length, chunked, or without a body. */
export class AnswerParser {
  #method = 'GET'
  #bytes: Buffer = Buffer.alloc(0)
  #head: { readonly status: number; readonly headers: ReadonlyMap<string, string> } | undefined
  #pieces: Buffer[] = []
  /** Bytes of the body, or of the chunk under way, still to come. */
  #left = 0
  #chunked = false
  #lastChunk = false

  /** The next answer is to a request with this method. */
  expect(method: string): void {
    this.#method = method
    this.#head = undefined
    this.#pieces = []
  }

  /** The answer when these bytes complete it. `onPiece` gets the body as it comes. */
  push(bytes: Buffer, onPiece?: (piece: Buffer) => void): RawAnswer | undefined {
    this.#bytes = this.#bytes.length === 0 ? bytes : Buffer.concat([this.#bytes, bytes])
    if (this.#head === undefined && !this.#readHead()) return undefined
    const whole = this.#chunked ? this.#readChunks(onPiece) : this.#readLength(onPiece)
    const head = this.#head
    return whole && head !== undefined ? { ...head, body: Buffer.concat(this.#pieces) } : undefined
  }

  #readHead(): boolean {
    const end = this.#bytes.indexOf('\r\n\r\n')
    if (end === -1) return false
    const [first = '', ...lines] = this.#bytes.toString('latin1', 0, end).split('\r\n')
    this.#bytes = this.#bytes.subarray(end + 4)
    const status = Number(first.split(' ')[1])
    // An informational answer comes before the real one.
    if (status < 200) return this.#readHead()
    const headers = new Map<string, string>()
    for (const line of lines) {
      const colon = line.indexOf(':')
      headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim())
    }
    const bodyless = this.#method === 'HEAD' || status === 204 || status === 304
    this.#head = { status, headers }
    this.#chunked = !bodyless && headers.get('transfer-encoding') === 'chunked'
    this.#left = bodyless || this.#chunked ? 0 : Number(headers.get('content-length'))
    this.#lastChunk = false
    if (Number.isNaN(this.#left)) throw new Error(`an answer without a length: ${first}`)
    return true
  }

  #readLength(onPiece: ((piece: Buffer) => void) | undefined): boolean {
    this.#take(onPiece)
    return this.#left === 0
  }

  #readChunks(onPiece: ((piece: Buffer) => void) | undefined): boolean {
    for (;;) {
      this.#take(onPiece)
      if (this.#left > 0) return false
      const end = this.#bytes.indexOf('\r\n')
      if (end === -1) return false
      const line = this.#bytes.toString('latin1', 0, end)
      this.#bytes = this.#bytes.subarray(end + 2)
      // An empty line ends a chunk, or after the last one the body.
      if (line === '' && this.#lastChunk) return true
      if (line === '') continue
      this.#left = Number.parseInt(line, 16)
      this.#lastChunk = this.#left === 0
    }
  }

  #take(onPiece: ((piece: Buffer) => void) | undefined): void {
    const piece = this.#bytes.subarray(0, this.#left)
    if (piece.length === 0) return
    this.#bytes = this.#bytes.subarray(piece.length)
    this.#left -= piece.length
    this.#pieces.push(piece)
    onPiece?.(piece)
  }
}
