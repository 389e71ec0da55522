import { connect, createServer, type Socket } from 'node:net'
import { listen } from './listen.ts'
import { readRequest, valuesOf } from './request-reader.ts'

/** A line that says nothing for so long while answers are due is given up. */
const STUCK_MS = 100

/**
 * Reads requests as leniently as can be: bare LF, any coding with `chunked` in it, repaired by nobody.
 *
 * A request without a key is refused and its body left where it is, to be read as the next request. All
 * clients share one upstream connection; whose turn it is gets what arrives.
 */
export function startSharedLine(upstreamPort: number): Promise<number> {
  const line = new SharedLine(upstreamPort)
  return listen(
    createServer((client) => {
      let bytes = ''
      client.setNoDelay(true)
      client.on('data', (piece: Buffer) => {
        bytes = takeRequests(bytes + piece.toString('latin1'), client, line)
      })
    }),
  )
}

/** Sends on what is whole, and returns the rest. */
function takeRequests(bytes: string, client: Socket, line: SharedLine): string {
  let rest = bytes
  for (;;) {
    const head = /^[\s\S]*?\r?\n\r?\n/.exec(rest)?.[0]
    if (head === undefined) return rest
    if (!/\nx-api-key\s*:/i.test(head)) {
      client.write('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n')
      rest = rest.slice(head.length)
      continue
    }
    const reading = readRequest(rest, 0)
    if (reading.kind !== 'request') return rest
    line.ask(client, rest.slice(0, reading.request.end))
    const closes = valuesOf(reading.request, 'connection').some((each) => /close/i.test(each))
    if (closes) line.closeAfter.add(client)
    rest = rest.slice(reading.request.end)
  }
}

class SharedLine {
  readonly closeAfter = new Set<Socket>()
  readonly #port: number
  readonly #waiting: Socket[] = []
  #upstream: Socket | undefined
  #bytes = ''
  #stuck: NodeJS.Timeout | undefined

  constructor(port: number) {
    this.#port = port
  }

  ask(client: Socket, bytes: string): void {
    this.#waiting.push(client)
    this.#open().write(bytes, 'latin1')
    this.#deliver()
    this.#watch()
  }

  #open(): Socket {
    if (this.#upstream !== undefined) return this.#upstream
    const upstream = connect({ port: this.#port, host: '127.0.0.1', noDelay: true })
    this.#upstream = upstream
    upstream.on('error', () => {})
    upstream.on('data', (piece: Buffer) => {
      this.#bytes += piece.toString('latin1')
      this.#deliver()
      this.#watch()
    })
    upstream.on('close', () => this.#drop(upstream))
    upstream.on('end', () => this.#drop(upstream))
    return upstream
  }

  /** Gives each whole answer to whoever waits longest. */
  #deliver(): void {
    while (this.#waiting.length > 0) {
      const headEnd = this.#bytes.indexOf('\r\n\r\n')
      if (headEnd === -1) return
      const length = /\ncontent-length:\s*(\d+)/i.exec(this.#bytes.slice(0, headEnd))?.[1] ?? '0'
      const end = headEnd + 4 + Number(length)
      if (end > this.#bytes.length) return
      const client = this.#waiting.shift()
      client?.write(this.#bytes.slice(0, end), 'latin1')
      if (client !== undefined && this.closeAfter.delete(client)) client.end()
      this.#bytes = this.#bytes.slice(end)
    }
  }

  #watch(): void {
    clearTimeout(this.#stuck)
    if (this.#waiting.length === 0) return
    const upstream = this.#upstream
    this.#stuck = setTimeout(() => upstream !== undefined && this.#drop(upstream), STUCK_MS)
  }

  #drop(upstream: Socket): void {
    upstream.destroy()
    if (this.#upstream !== upstream) return
    this.#upstream = undefined
    this.#bytes = ''
    for (const client of this.#waiting.splice(0)) client.end()
  }
}
