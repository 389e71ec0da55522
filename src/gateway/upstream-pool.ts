import type { Socket } from 'node:net'
import type { Dispatcher } from 'undici'
import type buildConnector from 'undici/lib/core/connect.js'
import symbols from 'undici/lib/core/symbols.js'
import Client from 'undici/lib/dispatcher/client.js'
import type { Clock } from '../lib/clock.ts'
import { FairShare, type Share, type Waiting } from './fair-share.ts'
import type { CallHandler } from './upstream-call.ts'

/** For how long a connection is used: so long at most a name leads to where it led before. */
const LIFE_MS = 60_000
/** For how long one without a call is kept, unless the upstream said how long it keeps it. */
const IDLE_MS = 4_000
/** Largest head of an answer, in bytes. */
const HEAD_BYTES_MAX = 65_536

/**
 * The connections to one address of an upstream, each with one call at a time.
 *
 * A call that finds none free waits for a new one, and takes one that becomes free before it is there: upstreams that
 * are slow to accept hold up no one who can be served otherwise. Of those who wait, the caller who has fewest connections
 * is served first: who holds his for long, as one who reads slowly does, takes none from the others. The connection that
 * was used last is used first, so those that are not needed any more run out of time.
 */
export class UpstreamPool {
  readonly #parts: UpstreamPoolParts
  readonly #lines = new Set<Line>()
  /** Those without a call; the one used last is the last. */
  readonly #free: Line[] = []
  readonly #waiting = new FairShare<Asked>()
  #connecting = 0
  #made = 0
  #isClosing = false
  #isDestroyed = false

  constructor(parts: UpstreamPoolParts) {
    this.#parts = parts
  }

  /** Sends a call of `caller`, at once or when it has a connection; what becomes of it is told to `handler`. */
  dispatch(call: Dispatcher.DispatchOptions, handler: CallHandler, caller: string): void {
    if (this.#isDestroyed) {
      handler.failed(CLOSED)
      return
    }
    const asked = { call, handler }
    const line = this.#takeFree()
    if (line !== undefined) {
      this.#give(line, asked, caller)
      return
    }
    this.#waiting.wait(caller, asked)
    this.#connectMore()
  }

  /** Calls that were taken end as they would have, then all connections are closed. */
  close(): void {
    this.#isClosing = true
    for (const line of [...this.#free]) this.#drop(line)
  }

  /** Breaks all calls off. Resolves once the connections are closed. */
  async destroy(): Promise<void> {
    this.#isDestroyed = true
    for (let next = this.#waiting.next(); next !== undefined; next = this.#waiting.next()) {
      next.call.handler.failed(CLOSED)
    }
    const lines = [...this.#lines]
    this.#lines.clear()
    this.#free.length = 0
    await Promise.all(lines.map(({ client }) => client.destroy(CLOSED)))
  }

  /** One connection for each call that waits: none of them waits for a connection that another one takes. */
  #connectMore(): void {
    const { connectionsMax } = this.#parts
    while (this.#connecting < this.#waiting.size) {
      if (connectionsMax !== null && this.#lines.size + this.#connecting >= connectionsMax) return
      this.#connect()
    }
  }

  #connect(): void {
    const { url, connect } = this.#parts
    this.#connecting += 1
    connect(addressOf(url), (...[error, socket]) => {
      this.#connecting -= 1
      // By age, so that no one waits longer for a connection than making one may take.
      if (socket === null) this.#takeOut('oldest')?.call.handler.failed(error)
      else if (this.#isDestroyed) socket.destroy()
      else this.#add(socket)
    })
  }

  #add(socket: Socket): void {
    const { url, connect, clock } = this.#parts
    let made: Socket | undefined = socket
    const client = new Client(url.origin, {
      pipelining: 1,
      keepAliveTimeout: IDLE_MS,
      maxHeaderSize: HEAD_BYTES_MAX,
      // The connection that is there; another one should this one be lost before a call is sent on it.
      connect: (address, callback) => {
        const mine = made
        made = undefined
        if (mine === undefined) connect(address, callback)
        else callback(null, mine)
      },
    })
    // Spread evenly, so that connections that began together do not end together.
    this.#made += 1
    const lifeMs = LIFE_MS * (0.5 + ((this.#made * GOLDEN) % 1) / 2)
    const line: Line = { client, endsAtMs: clock.monotonicMs() + lifeMs, share: undefined }
    this.#lines.add(line)
    client.on('drain', () => this.#freed(line))
    const lost = (): void => {
      // A call that was not sent yet gets another connection, by undici.
      if (client.stats.size === 0) this.#drop(line)
    }
    client.on('disconnect', lost)
    client.on('connectionError', lost)
    client[symbols.kConnect](noop)
    this.#freed(line)
  }

  #takeFree(): Line | undefined {
    for (;;) {
      const line = this.#free.pop()
      if (line === undefined || !this.#isOld(line)) return line
      this.#drop(line)
    }
  }

  #isOld({ endsAtMs }: Line): boolean {
    return this.#parts.clock.monotonicMs() >= endsAtMs
  }

  /** It has no call: the next one gets it. */
  #freed(line: Line): void {
    this.#release(line)
    if (!this.#lines.has(line)) return
    if (this.#isOld(line)) {
      this.#drop(line)
      return
    }
    const next = this.#takeOut('next')
    if (next !== undefined) this.#give(line, next.call, next.name)
    else if (this.#isClosing) this.#drop(line)
    else this.#free.push(line)
  }

  #give(line: Line, { call, handler }: Asked, caller: string): void {
    line.share = this.#waiting.take(caller)
    line.client.dispatch(call, handler)
  }

  #release(line: Line): void {
    if (line.share !== undefined) this.#waiting.release(line.share)
    line.share = undefined
  }

  /** A call that somebody still waits for. */
  #takeOut(which: 'next' | 'oldest'): Waiting<Asked> | undefined {
    for (;;) {
      const waiting = this.#waiting[which]()
      if (waiting === undefined || !waiting.call.handler.isOver) return waiting
    }
  }

  #drop(line: Line): void {
    this.#release(line)
    if (!this.#lines.delete(line)) return
    const index = this.#free.lastIndexOf(line)
    if (index !== -1) this.#free.splice(index, 1)
    void line.client.close()
    if (!this.#isDestroyed) this.#connectMore()
  }
}

export interface UpstreamPoolParts {
  /** Of its origin; what else it says is not looked at. */
  readonly url: URL
  readonly connect: buildConnector.connector
  /** How many connections there may be; null = as many as there are calls. */
  readonly connectionsMax: number | null
  readonly clock: Clock
}

/** One connection. */
interface Line {
  readonly client: Client
  /** When it is used no more, by a monotonic clock. */
  readonly endsAtMs: number
  /** Of the caller whose call it has. */
  share: Share | undefined
}

interface Asked {
  readonly call: Dispatcher.DispatchOptions
  readonly handler: CallHandler
}

/** An address as undici tells it to what connects to it. */
function addressOf({ host, hostname, protocol, port }: URL): buildConnector.Options {
  const bare = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
  return { host, hostname: bare, protocol, port }
}

const CLOSED = Object.assign(new Error('the connections to the upstream are closed'), {
  code: 'UND_ERR_CLOSED',
})

/** Multiples of it are spread evenly over each unit. */
const GOLDEN = 0.618_033_988_75

function noop(): void {}
