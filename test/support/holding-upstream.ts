import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import type { CallHandler } from '../../src/gateway/upstream-call.ts'
import type { UpstreamPool } from '../../src/gateway/upstream-pool.ts'
import { until } from './until.ts'

/** An upstream that answers when it is told to, and remembers by which connection each call came. */
export class Holding {
  readonly server: Server
  readonly sockets: Socket[] = []
  /** Calls that have no answer yet, by their path, with the number of their connection. */
  readonly calls = new Map<string, { readonly line: number; readonly answer: () => void }>()
  readonly lines = new Map<string, number>()

  constructor() {
    this.server = createServer((request: IncomingMessage, response: ServerResponse) => {
      const line = this.sockets.indexOf(request.socket)
      this.lines.set(request.url ?? '', line)
      this.calls.set(request.url ?? '', { line, answer: () => response.end('ok') })
    })
    this.server.on('connection', (socket) => this.sockets.push(socket))
  }

  static async start(): Promise<Holding> {
    const holding = new Holding()
    holding.server.listen(0, '127.0.0.1')
    await once(holding.server, 'listening')
    onTestFinished(() => {
      holding.server.closeAllConnections()
      holding.server.close()
    })
    return holding
  }

  get url(): URL {
    return new URL(`http://127.0.0.1:${(this.server.address() as AddressInfo).port}`)
  }

  get open(): number {
    return this.sockets.filter(({ destroyed }) => !destroyed).length
  }

  /** Waits until a call is there, answers it, and waits until the answer was taken. */
  async answer(...calls: Call[]): Promise<void> {
    for (const call of calls) {
      const held = await until(`${call.path} arrives`, () => this.calls.get(call.path))
      held.answer()
      await until(`${call.path} is answered`, () => call.outcome)
    }
  }
}

/** A call that remembers how it ended: `answered`, or the code of its error. */
export class Call implements CallHandler {
  readonly path: string
  readonly caller: string
  isOver = false
  outcome: string | undefined

  constructor(path: string, caller = '') {
    this.path = path
    this.caller = caller
  }

  sendBy(pool: UpstreamPool): this {
    pool.dispatch({ method: 'GET', path: this.path, headers: [] }, this, this.caller)
    return this
  }

  onRequestStart(): void {}
  onResponseStart(): void {}
  onResponseData(): void {}

  onWholeAnswer(): void {
    this.outcome = 'answered'
  }

  onResponseEnd(): void {
    this.outcome = 'answered'
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.failed(error)
  }

  failed(error: Error): void {
    this.outcome = 'code' in error ? String(error.code) : error.message
  }
}
