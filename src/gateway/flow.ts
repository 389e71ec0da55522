import type { ServerResponse } from 'node:http'
import type { Dispatcher } from 'undici'
import type { PassingBytes } from '../lib/passing-bytes.ts'
import { CallParts } from './call-parts.ts'
import type { LongSource } from './long-answers.ts'
import type { Held } from './meter.ts'
import type { Tunnel } from './upgrade.ts'

/** How much of a call went either way, and what its answer waits for: the client, or the disk. */
export class Flow implements LongSource {
  bytesSent = 0
  bytesReceived = 0
  /** A stream of events, or a WebSocket. */
  isStream = false
  readonly startMonotonicMs: number
  readonly #owner: FlowOwner
  readonly #passing: PassingBytes
  #controller: Dispatcher.DispatchController | undefined
  #tunnel: Tunnel | undefined
  #parts: CallParts | undefined
  #clientBehind = false
  #diskBehind = false

  constructor(owner: FlowOwner, startMonotonicMs: number, passing: PassingBytes) {
    this.#owner = owner
    this.startMonotonicMs = startMonotonicMs
    this.#passing = passing
  }

  /** A piece went to the upstream. */
  received(bytes: number): void {
    this.bytesReceived += bytes
    this.#passing.passed(bytes)
  }

  /** A piece of the answer goes to the client. */
  sent(bytes: number): void {
    this.bytesSent += bytes
    this.#passing.passed(bytes)
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

  /** No one is waited for any more. */
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
      this.#passing.passed(this.bytesSent + this.bytesReceived - before)
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
    else if (!this.#clientBehind) this.#controller?.resume()
  }

  readonly #clientCaughtUp = (): void => {
    this.#clientBehind = false
    if (!this.#diskBehind) this.#controller?.resume()
  }
}

/** Whose call it is. */
export interface FlowOwner {
  /** What the upstream is paused and stopped by. */
  readonly controller: Dispatcher.DispatchController | undefined
  /** Hands a part of what came since the last one to the meter. */
  givePart(held: Held): void
}
