import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'

/**
 * Stands between a client and an HTTP server, and does on demand what networks do: breaks off, goes silent, or
 * loses the answer of a request that the server has done.
 */
export class HttpFaultProxy {
  /** What is done with a request that comes in. */
  mode: 'pass' | 'refuse' | 'hang' = 'pass'
  /** Answers of requests it is true for are lost: what was asked for is done. */
  losesAnswer: (statement: string) => boolean = () => false
  /** Answers that were lost. */
  lost = 0
  /** What comes in place of an answer that is lost: nothing but the end of the connection, or an error of the server. */
  instead: 'nothing' | 'error' = 'nothing'
  /** Requests that came in. */
  received = 0
  readonly #server = createServer((incoming, response) => {
    this.#serve(incoming, response).catch(() => response.destroy())
  })
  readonly #sockets = new Set<Socket>()
  readonly #targetPort: number

  private constructor(targetPort: number) {
    this.#targetPort = targetPort
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
      if (this.mode === 'refuse') socket.destroy()
    })
  }

  /** In front of a port of 127.0.0.1; ends with the test. */
  static async start(targetPort: number): Promise<HttpFaultProxy> {
    const proxy = new HttpFaultProxy(targetPort)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    onTestFinished(() => {
      proxy.breakOff()
      proxy.#server.close()
    })
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Breaks off all connections there are, with what is under way on them. */
  breakOff(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    this.received += 1
    const body = await buffer(incoming)
    if (this.mode === 'refuse') response.destroy()
    if (this.mode !== 'pass') return
    const { method, url, headers } = incoming
    const { host: _, ...rest } = headers
    const sent = request({
      host: '127.0.0.1',
      port: this.#targetPort,
      method,
      path: url,
      headers: rest,
      agent: false,
    })
    sent.end(body)
    const [answer] = (await once(sent, 'response')) as [IncomingMessage]
    const answered = await buffer(answer)
    const statement = `${new URL(url ?? '/', 'http://x').searchParams.get('query') ?? ''}\n${body}`
    if (answer.statusCode === 200 && this.losesAnswer(statement)) {
      this.lost += 1
      if (this.instead === 'nothing') response.destroy()
      else response.writeHead(500, { 'x-clickhouse-exception-code': '242' }).end(READ_ONLY)
      return
    }
    const { 'transfer-encoding': _chunked, ...fields } = answer.headers
    response.writeHead(answer.statusCode ?? 500, { ...fields, 'content-length': answered.length })
    response.end(answered)
  }
}

/** As a server says it that lost its Keeper in the middle of an insert. */
const READ_ONLY = 'Code: 242. DB::Exception: Table is in readonly mode. (TABLE_IS_READ_ONLY)'
