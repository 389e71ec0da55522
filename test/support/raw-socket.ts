import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { until } from './until.ts'

/** A connection that sends and keeps bytes as they are. */
export class RawSocket {
  readonly socket: Socket
  /** All that arrived, as latin1. */
  received = ''
  /** The other side closed, or the connection broke. */
  ended = false
  /** Set when the connection broke instead of being closed. */
  brokenBy: string | undefined

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (bytes: Buffer) => {
      this.received += bytes.toString('latin1')
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.brokenBy = error.code
    })
    for (const event of ['end', 'close'] as const) {
      socket.on(event, () => {
        this.ended = true
      })
    }
    onTestFinished(() => {
      socket.destroy()
    })
  }

  /** From an address of this machine: any of 127.0.0.0/8. */
  static async connect(port: number, localAddress = '127.0.0.1'): Promise<RawSocket> {
    const socket = connect({ port, host: '127.0.0.1', localAddress, allowHalfOpen: true })
    await once(socket, 'connect')
    socket.setNoDelay(true)
    return new RawSocket(socket)
  }

  /** On a connection that is there already, whatever it speaks. */
  static over(socket: Socket): RawSocket {
    return new RawSocket(socket)
  }

  send(bytes: string | Buffer): void {
    if (typeof bytes === 'string') this.socket.write(bytes, 'latin1')
    else this.socket.write(bytes)
  }

  /** Resolves to all that arrived once `pattern` is in it. */
  async sees(pattern: RegExp, withinMs = 5_000): Promise<string> {
    return until(
      `${pattern} in ${JSON.stringify(this.received.slice(0, 2_000))} (${this.brokenBy ?? 'open'})`,
      () => (pattern.test(this.received) ? this.received : undefined),
      withinMs,
    ).catch((error) => {
      throw new Error(`${String(error)}\nreceived: ${JSON.stringify(this.received.slice(0, 2_000))}`)
    })
  }

  /** Resolves to all that arrived once the connection is over. */
  async sawEnd(withinMs = 5_000): Promise<string> {
    return until('the connection ends', () => (this.ended ? this.received : undefined), withinMs)
  }
}

/** Sends `bytes` on a connection of its own and resolves to all that came until the other side closed. */
export async function exchangeBytes(
  port: number,
  bytes: string | Buffer,
  withinMs?: number,
): Promise<string> {
  const client = await RawSocket.connect(port)
  client.send(bytes)
  return client.sawEnd(withinMs)
}
