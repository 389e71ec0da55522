import { RawClient } from './raw-client.ts'
import type { ServeProcess } from './serve-process.ts'

/** One call, as its client knows it. */
export interface LoadCall {
  readonly id: string
  readonly tenantId: string
  readonly keyId: string
  readonly routeId: string
}

/** A key to call with, and the routes to call: id → path, or method and path (`HEAD /search`). */
export interface LoadSource {
  readonly callers: readonly { readonly tenantId: string; readonly keyId: string; readonly secret: string }[]
  readonly routes: Readonly<Record<string, string>>
}

/** Clients that call as fast as they are answered, and keep books: what a bill is held against. */
export class Load {
  /** Answered with 200 or 204, to the last byte. */
  readonly received = new Map<string, LoadCall>()
  /** Sent, and not answered: the connection broke. */
  readonly broken = new Map<string, LoadCall>()
  /** Answers other than these. There should be none. */
  readonly refused: string[] = []
  /** Called whenever an answer is complete, before this process does anything else. */
  onReceived: () => void = () => {}
  readonly #source: LoadSource
  #sent = 0
  #stopped = false

  constructor(source: LoadSource) {
    this.#source = source
  }

  /** Calls on so many connections; resolves once each has broken, or ended because of `stop`. */
  async run(serve: ServeProcess, connections: number): Promise<void> {
    this.#stopped = false
    await Promise.all(Array.from({ length: connections }, () => this.#runOne(serve)))
  }

  /** Lets calls in flight end and makes no more. */
  stop(): void {
    this.#stopped = true
  }

  /** One call more on this connection; resolves to its status and gatez's code, `200 ` if it has none. */
  async callOnce(client: RawClient): Promise<string> {
    const { callers, routes } = this.#source
    const number = this.#sent
    this.#sent += 1
    const caller = callers[number % callers.length]!
    const routeIds = Object.keys(routes)
    const routeId = routeIds[number % routeIds.length]!
    const call = { id: `call-${number}`, tenantId: caller.tenantId, keyId: caller.keyId, routeId }
    this.broken.set(call.id, call)
    const headers = { 'x-api-key': caller.secret, 'x-request-id': call.id }
    const [path = '', method = 'GET'] = routes[routeId]!.split(' ').toReversed()
    const answer = await client.call({ method, path, headers })
    this.broken.delete(call.id)
    if (answer.status === 200 || answer.status === 204) this.received.set(call.id, call)
    else this.refused.push(`${call.id}: ${answer.status} ${answer.body}`)
    this.onReceived()
    return `${answer.status} ${answer.headers.get('gatez-error') ?? ''}`
  }

  async #runOne(serve: ServeProcess): Promise<void> {
    try {
      const client = await RawClient.connect(serve.port)
      while (!this.#stopped && !client.closed) await this.callOnce(client)
      client.destroy()
    } catch {
      // No connection is a call that was never made.
    }
  }
}
