import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { atEnd } from './at-end.ts'

/**
 * A real upstream on a free port that counts what it saw. Closed when the running test is over.
 *
 * Answers 200 with a small JSON body, until `answer` is set.
 */
export class CountingUpstream {
  /** Calls by their x-request-id. */
  readonly calls = new Map<string, number>()
  answer: RequestListener = (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': BODY.length })
    response.end(BODY)
  }
  readonly #server: Server

  private constructor() {
    this.#server = createServer((request, response) => {
      const id = String(request.headers['x-request-id'])
      this.calls.set(id, (this.calls.get(id) ?? 0) + 1)
      this.answer(request, response)
    })
    this.#server.keepAliveTimeout = 60_000
  }

  static async start(): Promise<CountingUpstream> {
    const upstream = new CountingUpstream()
    atEnd(() => upstream.stop())
    upstream.#server.listen(0, '127.0.0.1')
    await once(upstream.#server, 'listening')
    return upstream
  }

  /** Listens again, after `stop`, where it did before. */
  async startAgain(port: number): Promise<void> {
    this.#server.listen(port, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** How many calls it saw. */
  get seen(): number {
    return [...this.calls.values()].reduce((sum, count) => sum + count, 0)
  }

  /** Stops listening and drops all connections. */
  stop(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }
}

/** Reads a request to its end. */
export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks)
}

const BODY = Buffer.from('{"ok":true}')
