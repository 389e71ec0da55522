import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { LaneResponse } from './lane/lane-response.ts'
import { ConnectionWatch } from './slow-clients.ts'

/** A connection on which HTTP is spoken: one request at a time, whatever a client sends ahead. */
export class Connection {
  readonly watch: ConnectionWatch
  /** How much had been read when a drain last looked. */
  bytesRead = -1
  /** It left HTTP, or asked to. */
  switched = false
  readonly #socket: Socket
  /** The answer to the latest request. */
  #latest: ServerResponse | undefined
  /** Requests that wait for the answers before them. */
  #waiting = 0

  /** `below` is the connection itself where `socket` is TLS on it. */
  constructor(socket: Socket, below: Socket) {
    this.#socket = socket
    this.watch = new ConnectionWatch(socket, below)
  }

  /** The answer that is owed or under way; undefined when there is none. */
  get owed(): ServerResponse | undefined {
    return this.#latest === undefined || isSent(this.#latest) ? undefined : this.#latest
  }

  /**
   * Whether the request that `response` answers may be passed on at once. If not, it waits for the answers
   * before it: two requests sent in one go may depend on each other (RFC 9112, 9.3.2). `pass` runs then.
   *
   * Behind an answer that ends the connection nothing is passed on: its answer could never be sent. Who sends more
   * ahead than may wait is cut off: a request of thirty bytes takes some thousands here.
   */
  takes(response: ServerResponse, pass: () => void): boolean {
    const before = this.owed
    if (this.#latest !== undefined && endsConnection(this.#latest)) return false
    this.#latest = response
    if (before === undefined) return true
    this.#waiting += 1
    if (this.#waiting > WAITING_MAX) this.#socket.destroy()
    before.once('finish', () => {
      this.#waiting -= 1
      if (!endsConnection(before)) pass()
    })
    return false
  }

  /** Nothing more is read of it: it ends once all that was asked before is answered. */
  endAfterOwed(socket: Socket): void {
    const last = this.owed
    if (last === undefined) {
      socket.destroy()
      return
    }
    last.shouldKeepAlive = false
    last.once('finish', () => socket.destroySoon())
    last.once('close', () => socket.destroy())
  }
}

/** Requests that may wait on one connection; browsers that sent ahead at all stayed below ten. */
export const WAITING_MAX = 256

function isSent(response: ServerResponse): boolean {
  return response instanceof LaneResponse ? response.isSent : response.writableFinished
}

/** Whether an answer says, or will say, that its connection ends with it. */
function endsConnection(response: ServerResponse): boolean {
  return !response.shouldKeepAlive || ('_last' in response && response._last === true)
}
