import { connect, type Socket } from 'node:net'

/** How often a wait looks at the time. Counted in ticks, so that a process that was held up loses none. */
const TICK_MS = 50

/** A client connection that sends and keeps bytes as they are (latin1), and wakes who waits as they come. */
export class Wire {
  /** All that arrived. */
  received = ''
  /** The other side closed, or the connection broke. */
  ended = false
  readonly socket: Socket
  #changed: (() => void) | undefined

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    this.socket.on('data', (piece: Buffer) => {
      this.received += piece.toString('latin1')
      this.#changed?.()
    })
    this.socket.on('error', () => {})
    for (const event of ['end', 'close'] as const) {
      this.socket.on(event, () => {
        this.ended = true
        this.#changed?.()
      })
    }
  }

  send(bytes: string): void {
    if (this.socket.writable) this.socket.write(bytes, 'latin1')
  }

  /** Says that nothing more will be sent. */
  finish(): void {
    if (this.socket.writable) this.socket.end()
  }

  destroy(): void {
    this.socket.destroy()
  }

  /** Resolves to true once `what` holds or the connection is over; to false when neither came in time. */
  async sees(what: (received: string) => boolean, withinMs: number): Promise<boolean> {
    const isSo = () => this.ended || what(this.received)
    if (isSo()) return true
    const { promise, resolve } = Promise.withResolvers<boolean>()
    let ticksLeft = Math.ceil(withinMs / TICK_MS)
    const timer = setInterval(() => {
      ticksLeft -= 1
      if (ticksLeft <= 0) resolve(false)
    }, TICK_MS)
    this.#changed = () => {
      if (isSo()) resolve(true)
    }
    const held = await promise
    clearInterval(timer)
    this.#changed = undefined
    return held
  }

  /** Resolves to true once the other side ended the connection. */
  seesEnd(withinMs: number): Promise<boolean> {
    return this.sees(() => false, withinMs)
  }
}
