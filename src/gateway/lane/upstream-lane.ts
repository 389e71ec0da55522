import type { Socket } from 'node:net'
import type { Dispatcher } from 'undici'
import errors from 'undici/lib/core/errors.js'
import { readBy, readNoMoreBy } from '../shared-read.ts'
import type { CallHandler } from '../upstream-call.ts'
import { UpstreamClient, type UpstreamLineEvents, type UpstreamLineParts } from '../upstream-client.ts'
import { type PlainAnswer, readPlainAnswer } from './plain-answer.ts'
import { renderHead } from './plain-call.ts'

/** Less than the upstream says: a call must not meet the end of its connection. As undici has it. */
const KEEP_ALIVE_MARGIN_MS = 2_000

/**
 * The fast lane: one connection to an upstream, as long as all calls on it are plain and all their answers come whole.
 *
 * With the first that is not plain the connection is handed to undici, all that is unread of it included, and stays
 * there.
 */
export class UpstreamLane {
  readonly #socket: Socket
  readonly #parts: UpstreamLineParts
  readonly #events: UpstreamLaneEvents
  /** Set once it was handed over. */
  #client: UpstreamClient | undefined
  #asked: Asked | undefined
  /** A call was sent on it. */
  #isUsed = false
  /** When it is used no more if no call comes. */
  #idleEndsAtMs: number
  #sentMs = 0
  #timer: NodeJS.Timeout | undefined
  #timerMs = 0

  constructor(socket: Socket, parts: UpstreamLineParts, events: UpstreamLaneEvents) {
    this.#socket = socket
    this.#parts = parts
    this.#events = events
    this.#idleEndsAtMs = parts.clock.monotonicMs() + parts.idleMs
    readBy(socket, this.#take)
    socket.on('end', this.#end)
    socket.on('error', this.#lost)
    socket.on('close', this.#closed)
  }

  /** Whether plain calls are fast on it. */
  get isFast(): boolean {
    return this.#client === undefined
  }

  /** Whether it has been without a call for too long; by a monotonic clock. */
  isStale(nowMs: number): boolean {
    return this.#client === undefined && this.#asked === undefined && nowMs >= this.#idleEndsAtMs
  }

  /** Takes a call. One at a time. */
  dispatch(call: Dispatcher.DispatchOptions, handler: CallHandler): void {
    if (this.#client !== undefined) {
      this.#client.dispatch(call, handler)
      return
    }
    const head = renderHead(call, this.#parts.host)
    const controller = new LaneController(this.#abort)
    this.#asked = { call, handler, head, controller, sent: false, written: false }
    if (this.#isUsed) this.#events.due(this)
    else this.tick()
  }

  /**
   * Sends the call that was taken, or is free. Not at once: what the upstream sent unasked on a connection that was
   * used before must be found before it could be taken for the answer to the next call.
   */
  tick(): void {
    const asked = this.#asked
    // What becomes of the call of a connection that was lost is seen to when it is closed.
    if (this.#client !== undefined || asked?.sent === true || this.#socket.destroyed) return
    if (asked === undefined) this.#events.free()
    else if (asked.head === undefined) this.#handOver(asked, undefined)
    else this.#send(asked, asked.head)
  }

  #send(asked: Asked, head: string): void {
    asked.sent = true
    asked.handler.onRequestStart?.(asked.controller, null)
    if (this.#asked !== asked) return
    asked.written = this.#isUsed = true
    this.#write(asked, head)
    this.#sentMs = this.#parts.clock.monotonicMs()
    this.#watchTime(asked.call.headersTimeout ?? 0)
  }

  #write({ call: { body }, handler }: Asked, head: string): void {
    const socket = this.#socket
    if (!Buffer.isBuffer(body)) {
      socket.write(head, 'latin1')
      return
    }
    socket.cork()
    socket.write(head, 'latin1')
    socket.write(body)
    socket.uncork()
    handler.onBodySent?.(body)
  }

  close(): void {
    if (this.#client !== undefined) this.#client.close()
    else if (this.#asked === undefined) this.#socket.destroy()
  }

  async destroy(error: Error): Promise<void> {
    if (this.#client !== undefined) {
      await this.#client.destroy(error)
      return
    }
    this.#fail(error)
    this.#socket.destroy()
  }

  readonly #take = (piece: Buffer): void => {
    const asked = this.#asked
    if (asked?.sent !== true) {
      // Nobody asked for it.
      this.#socket.destroy()
      return
    }
    const answer = readPlainAnswer(piece)
    if (answer === undefined) this.#handOver(asked, { parts: partsOf(asked), unread: Buffer.from(piece) })
    else this.#pass(asked, answer)
  }

  #pass({ controller, handler }: Asked, answer: PlainAnswer): void {
    const { keepsSeconds } = answer
    const keepsMs =
      keepsSeconds === undefined ? this.#parts.idleMs : keepsSeconds * 1000 - KEEP_ALIVE_MARGIN_MS
    this.#idleEndsAtMs = this.#parts.clock.monotonicMs() + keepsMs
    try {
      handler.onWholeAnswer(controller, answer)
    } catch (error) {
      controller.abort(error instanceof Error ? error : new Error(String(error)))
    }
    if (controller.aborted) return
    this.#asked = undefined
    if (keepsMs <= 0) this.#socket.destroy()
    else this.#events.due(this)
  }

  readonly #abort = (controller: LaneController, reason: Error): void => {
    if (this.#asked?.controller !== controller) return
    const isUnused = !this.#asked.written
    this.#fail(reason)
    if (isUnused) this.#events.due(this)
    else this.#socket.destroy()
  }

  /** Tells whose call it has, if any, that it failed. */
  #fail(error: Error): void {
    const asked = this.#asked
    this.#asked = undefined
    if (asked === undefined) return
    if (asked.sent) asked.handler.onResponseError?.(asked.controller, error)
    else this.#events.unsent(asked.call, asked.handler)
  }

  readonly #end = (): void => {
    this.#lost(new errors.SocketError('other side closed'))
  }

  readonly #lost = (error: Error): void => {
    this.#fail(error)
    this.#socket.destroy()
  }

  readonly #closed = (): void => {
    clearTimeout(this.#timer)
    this.#fail(new errors.SocketError('closed'))
    this.#events.lost()
  }

  #watchTime(limitMs: number): void {
    if (limitMs === this.#timerMs) {
      this.#timer?.refresh()
      return
    }
    clearTimeout(this.#timer)
    this.#timerMs = limitMs
    this.#timer = limitMs === 0 ? undefined : setTimeout(this.#timeOut, limitMs).unref()
  }

  /** Of an earlier call, perhaps: it is set back when a call is sent, not when it is answered. */
  readonly #timeOut = (): void => {
    if (this.#asked?.sent === true) this.#lost(new errors.HeadersTimeoutError())
  }

  /** `begun`: of a call that was sent, what was written and what came. */
  #handOver({ call, handler }: Asked, begun: Begun | undefined): void {
    const socket = this.#socket
    clearTimeout(this.#timer)
    this.#asked = undefined
    readNoMoreBy(socket, this.#take)
    socket.off('end', this.#end)
    socket.off('error', this.#lost)
    socket.off('close', this.#closed)
    // Not from within a read: what is put back then makes the stream stop reading for good.
    queueMicrotask(() => {
      const client = new UpstreamClient(socket, this.#parts, this.#events, begun !== undefined)
      this.#client = client
      if (begun === undefined) client.dispatch(call, handler)
      else {
        resumeBehindHead(socket, begun)
        client.dispatch({ ...call, headersTimeout: this.#timeLeft(call) }, handler)
      }
    })
  }

  /** Of the time that the head of an answer may take; 0 is without end. */
  #timeLeft({ headersTimeout }: Dispatcher.DispatchOptions): number {
    if (headersTimeout == null || headersTimeout === 0) return 0
    return Math.max(1, headersTimeout - (this.#parts.clock.monotonicMs() - this.#sentMs))
  }
}

/**
 * undici writes the head of the call it gets, which is on its way already; and what came before it wrote one would be
 * nobody's answer to it.
 */
function resumeBehindHead(socket: Socket, { parts, unread }: Begun): void {
  const write = socket.write
  let next = 0
  socket.write = (part: unknown) => {
    const isSame = part === parts[next]
    next += 1
    if (!isSame || next === parts.length) socket.write = write
    if (!isSame) socket.destroy(new Error('undici writes a call otherwise than the fast lane did'))
    else if (next === parts.length) socket.unshift(unread)
    return true
  }
}

/** What is written of a call, piece by piece. */
function partsOf({ head, call: { body } }: Asked): readonly unknown[] {
  return body == null ? [head] : [head, body]
}

class LaneController implements Dispatcher.DispatchController {
  readonly #abort: (controller: LaneController, reason: Error) => void
  rawHeaders = null
  rawTrailers = null
  paused = false
  reason: Error | null = null

  constructor(abort: (controller: LaneController, reason: Error) => void) {
    this.#abort = abort
  }

  get aborted(): boolean {
    return this.reason !== null
  }

  abort(reason: Error): void {
    if (this.reason !== null) return
    this.reason = reason
    this.#abort(this, reason)
  }

  /** All of the answer is here when anything of it is. */
  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
  }
}

interface Asked {
  readonly call: Dispatcher.DispatchOptions
  readonly handler: CallHandler
  /** undefined when it is not plain. */
  readonly head: string | undefined
  readonly controller: LaneController
  /** Its handler knows that it is on its way. */
  sent: boolean
  /** The upstream may have seen something of it. */
  written: boolean
}

export interface UpstreamLaneEvents extends UpstreamLineEvents {
  /** `tick` is to be called once what has come from all upstreams was read. */
  readonly due: (lane: UpstreamLane) => void
  /** Nothing was sent of a call: it needs another connection. */
  readonly unsent: (call: Dispatcher.DispatchOptions, handler: CallHandler) => void
}

interface Begun {
  readonly parts: readonly unknown[]
  readonly unread: Buffer
}
