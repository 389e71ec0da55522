import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** What a raw upstream does with one connection; `head` is the first request's head, as it came. */
export type RawUpstreamScript = (socket: Socket, head: string, rest: Buffer) => void

/**
 * An upstream that sends whatever bytes a test wants, also ones no server should send.
 *
 * `script` runs once for each request head that arrives. Closed when the test is over.
 */
export class RawUpstream {
  /** Heads of requests as they came, in order. */
  readonly heads: string[] = []
  readonly sockets = new Set<Socket>()
  /** Called with each connection, before it says anything. */
  onConnection: (socket: Socket) => void = () => {}
  readonly #server: Server

  private constructor(script: RawUpstreamScript) {
    this.#server = createServer((socket) => this.#serve(socket, script))
  }

  static async start(script: RawUpstreamScript): Promise<RawUpstream> {
    const upstream = new RawUpstream(script)
    upstream.#server.listen(0, '127.0.0.1')
    await once(upstream.#server, 'listening')
    onTestFinished(() => upstream.stop())
    return upstream
  }

  /** Answers every request with the same bytes. */
  static answering(bytes: string): Promise<RawUpstream> {
    return RawUpstream.start((socket) => socket.write(bytes, 'latin1'))
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  stop(): void {
    this.#server.close()
    for (const socket of this.sockets) socket.destroy()
  }

  #serve(socket: Socket, script: RawUpstreamScript): void {
    this.sockets.add(socket)
    socket.on('close', () => this.sockets.delete(socket))
    socket.on('error', () => {})
    this.onConnection(socket)
    let bytes = Buffer.alloc(0)
    socket.on('data', (piece: Buffer) => {
      bytes = Buffer.concat([bytes, piece])
      const end = bytes.indexOf('\r\n\r\n')
      if (end === -1) {
        // So much without an end is a body, and need not be looked through again with each piece.
        if (bytes.length > HEAD_BYTES_MAX) bytes = Buffer.alloc(0)
        return
      }
      const head = bytes.toString('latin1', 0, end)
      const rest = bytes.subarray(end + 4)
      bytes = Buffer.alloc(0)
      if (!/^[A-Z]+ \S+ HTTP\/1\.1\r\n/.test(`${head}\r\n`)) return
      this.heads.push(head)
      script(socket, head, rest)
    })
  }
}

const HEAD_BYTES_MAX = 65_536
