import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { atEnd } from './at-end.ts'

/**
 * A way to a server that can go wrong: what is asked arrives, what is answered may not.
 *
 * `pass`; `swallow`: answers are lost, what was asked is done all the same; `break`: connections break as soon
 * as there is an answer; `refuse`: connections break at once; a number delays answers by as many ms; an
 * `error`, or bytes as they are, are answered to whatever is asked, in the server's place.
 */
export type Fault =
  | 'pass'
  | 'swallow'
  | 'break'
  | 'refuse'
  | number
  | { readonly error: string }
  | { readonly answer: string }

export class FaultProxy {
  fault: Fault = 'pass'
  /** Answers that did not get through. */
  lost = 0
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(target: number) {
    this.#server = createServer((client) => this.#carry(client, target))
  }

  /** Listens on a free port; ends with the running test. */
  static async start(target: number): Promise<FaultProxy> {
    const proxy = new FaultProxy(target)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    atEnd(() => proxy.stop())
    return proxy
  }

  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #carry(client: Socket, target: number): void {
    if (this.fault === 'refuse') {
      client.destroy()
      return
    }
    const server = connect(target, '127.0.0.1')
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => {})
      socket.on('close', () => {
        this.#sockets.delete(socket)
        other.destroy()
      })
    }
    const way = { client, server, isBroken: false, delayed: 0, freeAtMs: 0 }
    client.on('data', (asked) => this.#ask(asked, way))
    server.on('data', (answer) => this.#answer(answer, way))
  }

  #ask(asked: Buffer, way: Way): void {
    if (typeof this.fault === 'object') {
      way.isBroken = true
      way.client.write('answer' in this.fault ? this.fault.answer : `-${this.fault.error}\r\n`)
    } else if (way.isBroken && this.fault === 'pass') way.client.destroy()
    else way.server.write(asked)
  }

  #answer(answer: Buffer, way: Way): void {
    const { client } = way
    const delayMs = typeof this.fault === 'number' ? this.fault : 0
    if (delayMs > 0 || (this.fault === 'pass' && way.delayed > 0)) {
      // In order: what comes after a late answer is late, too.
      way.delayed += 1
      way.freeAtMs = Math.max(way.freeAtMs, performance.now() + delayMs)
      setTimeout(() => {
        way.delayed -= 1
        client.write(answer)
      }, way.freeAtMs - performance.now())
    } else if (this.fault === 'pass') client.write(answer)
    else {
      this.lost += 1
      way.isBroken = true
      if (this.fault === 'break') client.destroy()
    }
  }
}

/** Two connections, one behind the other. Once an answer is missing, it is of no use: a network never skips bytes. */
interface Way {
  readonly client: Socket
  readonly server: Socket
  isBroken: boolean
  /** Answers that are late, and until when. */
  delayed: number
  freeAtMs: number
}
