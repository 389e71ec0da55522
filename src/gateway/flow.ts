import type { ServerResponse } from 'node:http'
import type { Dispatcher } from 'undici'
import { CallParts } from './call-parts.ts'
import type { LongSource } from './long-answers.ts'
import type { Held } from './meter.ts'
import type { Traffic } from './traffic.ts'
import type { TurnTaker } from './turns.ts'
import type { Tunnel } from './upgrade.ts'

/** How much of a call went either way, and what its answer waits for: the client, the disk, or its turn. */
export class Flow implements LongSource, TurnTaker {
  bytesSent = 0
  bytesReceived = 0
  /** A stream of events, or a WebSocket. */
  isStream = false
  readonly startMonotonicMs: number
  readonly #owner: FlowOwner
  readonly #traffic: Traffic
  #controller: Dispatcher.DispatchController | undefined
  #tunnel: Tunnel | undefined
  #parts: CallParts | undefined
  #clientBehind = false
  #diskBehind = false
  #othersFirst = false

  constructor(owner: FlowOwner, startMonotonicMs: number, traffic: Traffic) {
    this.#owner = owner
    this.startMonotonicMs = startMonotonicMs
    this.#traffic = traffic
  }

  /** A piece went to the upstream. */
  received(bytes: number): void {
    this.bytesReceived += bytes
    this.#traffic.bytes.passed(bytes)
  }

  /** A piece of the answer goes to the client. */
  sent(bytes: number): void {
    this.bytesSent += bytes
    this.#traffic.bytes.passed(bytes)
  }

  /** From now on bytes go through a tunnel, which counts them. */
  tunnelThrough(tunnel: Tunnel): void {
    this.#tunnel = tunnel
    this.isStream = true
  }

  /** Stops the upstream until the client took what was written. */
  waitForClient(controller: Dispatcher.DispatchController, response: ServerResponse): void {
    this.#controller = controller
    this.#clientBehind = true
    controller.pause()
    response.once('drain', this.#clientCaughtUp)
  }

  /** Stops the upstream until it is its turn again, once large bodies moved much. To be told of each piece but the last. */
  takeTurns(controller: Dispatcher.DispatchController, bytes: number): void {
    if (this.#traffic.turns.mayGoOn(this, bytes)) return
    this.#controller = controller
    this.#othersFirst = true
    controller.pause()
  }

  itsTurn(): void {
    this.#othersFirst = false
    this.#goOn()
  }

  /** Nothing more comes of the upstream. */
  end(): void {
    if (this.#othersFirst) this.#traffic.turns.leave(this)
  }

  /** The client is waited for no more. */
  clientLeft(): void {
    this.#clientCaughtUp()
  }

  /** What was metered in parts before; undefined when nothing was. */
  get partsBefore(): CallParts | undefined {
    return this.#parts
  }

  bytesMoved(): number {
    if (this.#tunnel !== undefined) {
      const before = this.bytesSent + this.bytesReceived
      this.bytesSent = this.#tunnel.bytesSent
      this.bytesReceived = this.#tunnel.bytesReceived
      this.#traffic.bytes.passed(this.bytesSent + this.bytesReceived - before)
    }
    return this.bytesSent + this.bytesReceived
  }

  givePart(held: Held): void {
    this.#parts ??= new CallParts()
    this.#owner.givePart(held)
  }

  pause(): void {
    this.#diskBehind = true
    this.#controller = this.#owner.controller
    if (this.#tunnel === undefined) this.#controller?.pause()
    else this.#tunnel.pause()
  }

  resume(): void {
    this.#diskBehind = false
    if (this.#tunnel !== undefined) this.#tunnel.resume()
    else this.#goOn()
  }

  readonly #clientCaughtUp = (): void => {
    this.#clientBehind = false
    this.#goOn()
  }

  #goOn(): void {
    if (!this.#clientBehind && !this.#diskBehind && !this.#othersFirst) this.#controller?.resume()
  }
}

/** Whose call it is. */
export interface FlowOwner {
  /** What the upstream is paused and stopped by. */
  readonly controller: Dispatcher.DispatchController | undefined
  /** Hands a part of what came since the last one to the meter. */
  givePart(held: Held): void
}
