import type { MessagePort } from 'node:worker_threads'
import type { ClaimHolder } from '../storage/ports/kept-answers.ts'
import type { ClaimReply, KeeperReply, KeeperRequest, SentAnswer } from './keeper-messages.ts'

/** The keeper, as a gateway thread asks it. */
export class KeeperClient {
  readonly #port: MessagePort
  readonly #asked = new Map<number, PromiseWithResolvers<ClaimReply | 'done'>>()
  #lastId = 0
  #idle: (() => void) | undefined

  constructor(port: MessagePort) {
    this.#port = port
    port.on('message', (reply: KeeperReply) => this.#answered(reply))
  }

  /** Takes a key for a call. Rejects when the store fails. */
  async claim(holder: ClaimHolder, request: { fingerprint: string; keepMs: number }): Promise<ClaimReply> {
    const outcome = await this.#ask({ kind: 'claim', id: this.#nextId(), holder, ...request })
    if (outcome === 'done') throw new Error('the keeper answered another question')
    return outcome
  }

  /** Keeps the answer to a call. Rejects when the store fails. */
  async keep(holder: ClaimHolder, answer: SentAnswer, keepMs: number): Promise<void> {
    await this.#ask({ kind: 'keep', id: this.#nextId(), holder, answer, keepMs })
  }

  /** Gives a key back. */
  release(holder: ClaimHolder): void {
    this.#ask({ kind: 'release', id: this.#nextId(), holder }).catch(ignore)
  }

  /** Gives the key of a call back that is on the bill: the next one with it, within `keepMs`, is told so. */
  releaseBilled(holder: ClaimHolder, keepMs: number): void {
    this.#ask({ kind: 'release-billed', id: this.#nextId(), holder, keepMs }).catch(ignore)
  }

  /** Resolves once the keeper did all that it was asked, or said that it cannot. Its store bounds how long that takes. */
  async drained(): Promise<void> {
    if (this.#asked.size === 0) return
    await new Promise<void>((resolve) => {
      this.#idle = resolve
    })
  }

  #nextId(): number {
    this.#lastId += 1
    return this.#lastId
  }

  #ask(request: KeeperRequest): Promise<ClaimReply | 'done'> {
    const asked = Promise.withResolvers<ClaimReply | 'done'>()
    this.#asked.set(request.id, asked)
    this.#port.postMessage(request)
    return asked.promise
  }

  #answered({ id, outcome }: KeeperReply): void {
    const asked = this.#asked.get(id)
    this.#asked.delete(id)
    if (outcome === undefined) asked?.reject(new Error('the keeper failed'))
    else asked?.resolve(outcome)
    if (this.#asked.size === 0) this.#idle?.()
  }
}

/** The keeper told the operator, and the key is free when no one renews it. */
function ignore(): void {}
