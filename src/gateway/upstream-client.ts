import type { Socket } from 'node:net'
import type { Dispatcher } from 'undici'
import type buildConnector from 'undici/lib/core/connect.js'
import symbols from 'undici/lib/core/symbols.js'
import Client from 'undici/lib/dispatcher/client.js'
import type { Clock } from '../lib/clock.ts'
import type { CallHandler } from './upstream-call.ts'

/** Largest head of an answer, in bytes. */
const HEAD_BYTES_MAX = 65_536

/** One connection to an upstream on which undici speaks HTTP. */
export class UpstreamClient {
  readonly isFast = false
  readonly #client: Client

  /** `isBegun`: its first call was sent on it already. */
  constructor(socket: Socket, parts: UpstreamLineParts, events: UpstreamLineEvents, isBegun = false) {
    const { origin, connect, idleMs } = parts
    let made: Socket | undefined = socket
    let mayConnect = !isBegun
    const client = new Client(origin, {
      pipelining: 1,
      keepAliveTimeout: idleMs,
      maxHeaderSize: HEAD_BYTES_MAX,
      // The connection that is there; another one should this one be lost before a call is sent on it.
      connect: (address, callback) => {
        const mine = made
        made = undefined
        if (mine !== undefined) callback(null, mine)
        else if (mayConnect) connect(address, callback)
        else callback(SENT_ALREADY, null)
      },
    })
    this.#client = client
    client.on('drain', () => {
      mayConnect = true
      events.free()
    })
    const lost = (): void => {
      // A call that was not sent yet gets another connection, by undici.
      if (client.stats.size === 0) events.lost()
    }
    client.on('disconnect', lost)
    client.on('connectionError', lost)
    client[symbols.kConnect](noop)
  }

  /** Sends a call; one at a time. */
  dispatch(call: Dispatcher.DispatchOptions, handler: CallHandler): void {
    this.#client.dispatch(call, handler)
  }

  /** undici sees to that itself. */
  isStale(): boolean {
    return false
  }

  /** A call on it ends as it would have, then it is closed. */
  close(): void {
    void this.#client.close()
  }

  /** Breaks a call on it off. Resolves once it is closed. */
  async destroy(error: Error): Promise<void> {
    await this.#client.destroy(error)
  }
}

export interface UpstreamLineParts {
  readonly origin: string
  /** As the field `Host` has it. */
  readonly host: string
  readonly connect: buildConnector.connector
  /** For how long one without a call is kept, unless the upstream said how long it keeps it. */
  readonly idleMs: number
  readonly clock: Clock
}

/** What a connection tells whose it is. */
export interface UpstreamLineEvents {
  /** It has no call any more, and takes the next. */
  readonly free: () => void
  /** It is closed. */
  readonly lost: () => void
}

/** Whether a call is sent once more is not undici's to say. */
const SENT_ALREADY = Object.assign(new Error('the connection was lost before the answer began'), {
  code: 'UPSTREAM_RESET',
})

function noop(): void {}
