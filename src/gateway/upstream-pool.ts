import type { Socket } from 'node:net'
import type { Dispatcher } from 'undici'
import type buildConnector from 'undici/lib/core/connect.js'
import type { Clock } from '../lib/clock.ts'
import { FairShare, type Share, type Waiting } from './fair-share.ts'
import { mayBePlain } from './lane/plain-call.ts'
import { UpstreamLane, type UpstreamLaneEvents } from './lane/upstream-lane.ts'
import type { CallHandler } from './upstream-call.ts'
import { UpstreamClient, type UpstreamLineParts } from './upstream-client.ts'

/** For how long a connection is used: so long at most a name leads to where it led before. */
const LIFE_MS = 60_000
/** For how long one without a call is kept, unless the upstream said how long it keeps it. */
const IDLE_MS = 4_000
/** How often connections without a call are looked at. */
const SWEEP_MS = 1_000

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
  readonly #lineParts: UpstreamLineParts
  readonly #lines = new Set<Line>()
  /** Those without a call that are in the fast lane; the one used last is the last. */
  readonly #freeFast: Line[] = []
  /** Those that are undici's: calls that are not plain take these first. */
  readonly #freeSlow: Line[] = []
  /** Those in the fast lane that go on once all that has come was read. */
  #due: UpstreamLane[] = []
  readonly #sweeping: NodeJS.Timeout | undefined
  readonly #waiting = new FairShare<Asked>()
  #connecting = 0
  #made = 0
  #isClosing = false
  #isDestroyed = false

  constructor(parts: UpstreamPoolParts) {
    this.#parts = parts
    const { origin, host } = parts.url
    this.#lineParts = { origin, host, connect: parts.connect, idleMs: IDLE_MS, clock: parts.clock }
    if (parts.fastLane) this.#sweeping = setInterval(() => this.#sweep(), SWEEP_MS).unref()
  }

  /** Sends a call of `caller`, at once or when it has a connection; what becomes of it is told to `handler`. */
  dispatch(call: Dispatcher.DispatchOptions, handler: CallHandler, caller: string): void {
    if (this.#isDestroyed) {
      handler.failed(CLOSED)
      return
    }
    const asked = { call, handler }
    const line = this.#takeFree(mayBePlain(call))
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
    clearInterval(this.#sweeping)
    for (const line of [...this.#freeFast, ...this.#freeSlow]) this.#drop(line)
  }

  /** Breaks all calls off. Resolves once the connections are closed. */
  async destroy(): Promise<void> {
    this.#isDestroyed = true
    clearInterval(this.#sweeping)
    for (let next = this.#waiting.next(); next !== undefined; next = this.#waiting.next()) {
      next.call.handler.failed(CLOSED)
    }
    const lines = [...this.#lines]
    this.#lines.clear()
    this.#freeFast.length = this.#freeSlow.length = 0
    await Promise.all(lines.map(({ connection }) => connection.destroy(CLOSED)))
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
      if (error !== null) this.#takeOut('oldest')?.call.handler.failed(error)
      else if (this.#isDestroyed) socket.destroy()
      else this.#add(socket)
    })
  }

  #add(socket: Socket): void {
    const { clock } = this.#parts
    // Spread evenly, so that connections that began together do not end together.
    this.#made += 1
    const lifeMs = LIFE_MS * (0.5 + ((this.#made * GOLDEN) % 1) / 2)
    const events: UpstreamLaneEvents = {
      free: () => this.#freed(line),
      lost: () => this.#drop(line),
      due: this.#later,
      unsent: (call, handler) => this.dispatch(call, handler, line.share?.name ?? ''),
    }
    const Connection = this.#parts.fastLane ? UpstreamLane : UpstreamClient
    const connection = new Connection(socket, this.#lineParts, events)
    const line: Line = { connection, endsAtMs: clock.monotonicMs() + lifeMs, share: undefined }
    this.#lines.add(line)
    this.#freed(line)
  }

  /** All that has come from upstreams by now is read before it goes on. */
  readonly #later = (lane: UpstreamLane): void => {
    if (this.#due.length === 0) setImmediate(this.#goOn)
    this.#due.push(lane)
  }

  readonly #goOn = (): void => {
    const due = this.#due
    this.#due = []
    for (const lane of due) lane.tick()
  }

  #sweep(): void {
    for (const line of [...this.#freeFast]) if (this.#isOld(line)) this.#drop(line)
  }

  #takeFree(forPlain: boolean): Line | undefined {
    const [first, second] = forPlain ? [this.#freeFast, this.#freeSlow] : [this.#freeSlow, this.#freeFast]
    for (;;) {
      const line = first.pop() ?? second.pop()
      if (line === undefined || !this.#isOld(line)) return line
      this.#drop(line)
    }
  }

  #isOld({ endsAtMs, connection }: Line): boolean {
    const nowMs = this.#parts.clock.monotonicMs()
    return nowMs >= endsAtMs || connection.isStale(nowMs)
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
    else this.#freeOf(line).push(line)
  }

  #freeOf({ connection }: Line): Line[] {
    return connection.isFast ? this.#freeFast : this.#freeSlow
  }

  #give(line: Line, { call, handler }: Asked, caller: string): void {
    line.share = this.#waiting.take(caller)
    line.connection.dispatch(call, handler)
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
    const free = this.#freeOf(line)
    const index = free.lastIndexOf(line)
    if (index !== -1) free.splice(index, 1)
    line.connection.close()
    if (!this.#isDestroyed) this.#connectMore()
  }
}

export interface UpstreamPoolParts {
  /** Of its origin; what else it says is not looked at. */
  readonly url: URL
  readonly connect: buildConnector.connector
  /** How many connections there may be; null = as many as there are calls. */
  readonly connectionsMax: number | null
  /** Whether plain calls take the fast lane. */
  readonly fastLane: boolean
  readonly clock: Clock
}

/** One connection. */
interface Line {
  readonly connection: UpstreamLane | UpstreamClient
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
