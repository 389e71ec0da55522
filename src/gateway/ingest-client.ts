import type { MessagePort } from 'node:worker_threads'
import type { EventsAnswer, EventsQuestion, EventsReply, EventsRequest } from '../ingest/ingest-messages.ts'

/** The ingest thread, as one gateway thread sees it. */
export class IngestClient {
  readonly #port: MessagePort
  readonly #waiting = new Map<number, (answer: EventsAnswer) => void>()
  readonly #wanted: () => void
  #lastId = 0

  /** `wanted` is called before the first request: the ingest thread may not run yet. */
  constructor(port: MessagePort, wanted: () => void) {
    this.#port = port
    this.#wanted = wanted
    port.on('message', ({ id, answer }: EventsReply) => {
      const resolve = this.#waiting.get(id)
      this.#waiting.delete(id)
      resolve?.(answer)
    })
  }

  /** Hands a request over, its bytes with it, and resolves to what its sender is to be told. */
  take(request: EventsRequest): Promise<EventsAnswer> {
    if (this.#lastId === 0) this.#wanted()
    this.#lastId += 1
    const id = this.#lastId
    const question: EventsQuestion = { id, request }
    const { buffer } = request.bytes
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve)
      this.#port.postMessage(question, buffer instanceof ArrayBuffer ? [buffer] : [])
    })
  }
}
