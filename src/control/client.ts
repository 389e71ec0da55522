import type { z } from '@hono/zod-openapi'
import { CATALOGUE, type ErrorCode } from '../errors/catalogue.ts'
import { GatezError } from '../errors/gatez-error.ts'
import type { Operations } from './operations.ts'
import { ROUTES } from './routes.ts'

/** How long an answer is waited for, but for those that go on. */
const ANSWER_MS = 120_000
const PAGE_ITEMS = '1000'

/**
 * The control API as a program sees it: every operation by its id, typed by the operation itself.
 *
 * Needs nothing but a `fetch`, so it works in browsers, in the command line, and inside of gatez without any
 * socket. Problems come back as the errors they were.
 */
export class ControlClient {
  readonly #options: ClientOptions
  readonly #fetch: Fetch

  constructor(options: ClientOptions) {
    this.#options = options
    this.#fetch = options.fetch ?? ((url, init) => fetch(url, init))
  }

  /** Asks, and resolves to the answer; throws the problem as a `GatezError`. */
  async call<Id extends OperationId>(
    id: Id,
    input: InputOf<Id>,
    how: CallOptions = {},
  ): Promise<AnswerOf<Id>> {
    return this.raw(id, input, how)
  }

  /** All items of a list, page by page. */
  async all<Id extends ListId>(id: Id, input: InputOf<Id>): Promise<ItemOf<Id>[]> {
    const items: ItemOf<Id>[] = []
    let cursor: string | undefined
    do {
      const page: Page<ItemOf<Id>> = await this.raw(id, {
        ...input,
        limit: PAGE_ITEMS,
        ...(cursor && { cursor }),
      })
      items.push(...page.data)
      cursor = page.next ?? undefined
    } while (cursor !== undefined)
    return items
  }

  /** The same as `call` without a type: for answers whose types the caller knows better. */
  async raw(id: OperationId, input: object, how: CallOptions = {}) {
    // A timer that is put away: AbortSignal.timeout would stay for the whole time, once for each question.
    const late = new AbortController()
    const timer = setTimeout(
      () => late.abort(new DOMException('No answer in time.', 'TimeoutError')),
      ANSWER_MS,
    )
    try {
      const response = await this.#send(id, input, { ...how, signal: how.signal ?? late.signal })
      const text = await response.text()
      return text === '' ? undefined : JSON.parse(text)
    } finally {
      clearTimeout(timer)
    }
  }

  /** Asks for what is no JSON, or goes on. */
  stream(id: OperationId, input: object, how: CallOptions = {}): Promise<Response> {
    return this.#send(id, input, how)
  }

  async #send(
    id: OperationId,
    input: object,
    { body, signal, headers = {} }: CallOptions,
  ): Promise<Response> {
    const { url, token, csrfToken } = this.#options
    const [method, path, place] = ROUTES[id]
    const left = new Map(Object.entries(input).filter(([, value]) => value !== undefined))
    const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
      const value = String(left.get(name) ?? '')
      left.delete(name)
      return encodeURIComponent(value)
    })
    const query = new URLSearchParams(
      place === 'query' ? [...left].map(([name, value]): [string, string] => [name, String(value)]) : [],
    )
    const json = place === 'body' && left.size > 0 ? JSON.stringify(Object.fromEntries(left)) : undefined
    const type = body === undefined ? 'application/json' : 'application/x-ndjson'
    const sent = body ?? json
    return this.#answer(`${url}${filled}${query.size === 0 ? '' : `?${query}`}`, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(csrfToken !== undefined && { 'x-csrf-token': csrfToken }),
        ...(sent !== undefined && { 'content-type': type }),
        ...headers,
      },
      ...(sent !== undefined && { body: sent }),
      ...(body !== undefined && { duplex: 'half' }),
      ...(signal !== undefined && { signal }),
    })
  }

  async #answer(url: string, init: RequestInit): Promise<Response> {
    const response = await this.#fetch(url, init).catch((cause: unknown) => {
      if (init.signal?.aborted === true) throw cause
      const detail = `${new URL(url, 'http://here').origin} does not answer.`
      throw new GatezError('control-unreachable', detail, { cause })
    })
    if (response.ok) return response
    throw await problemOf(response)
  }
}

export interface ClientOptions {
  /** Where control listens, as `http://127.0.0.1:8081`; empty for the page's own address. */
  readonly url: string
  readonly token?: string
  /** What the session of a page sends with each change. */
  readonly csrfToken?: string
  /** The one of the platform if not given. */
  readonly fetch?: Fetch
}

export interface CallOptions {
  /** What is sent as it is, where the operation takes an upload. */
  readonly body?: ReadableStream<Uint8Array> | string
  readonly signal?: AbortSignal
  /** As `if-match`, `idempotency-key`. */
  readonly headers?: Readonly<Record<string, string>>
}

export type Fetch = (url: string, init: RequestInit) => Promise<Response>

export type OperationId = keyof Operations & keyof typeof ROUTES

/** What an operation is asked with. */
export type InputOf<Id extends OperationId> = z.input<Operations[Id]['input']>

/** What it answers. */
export type AnswerOf<Id extends OperationId> = Exclude<
  Awaited<ReturnType<Operations[Id]['handle']>>,
  Response
>

interface Page<Item> {
  readonly data: readonly Item[]
  readonly next: string | null
}

/** Operations whose answers come in pages. */
export type ListId = {
  [Id in OperationId]: AnswerOf<Id> extends Page<unknown> ? Id : never
}[OperationId]

/** What their lists hold. */
export type ItemOf<Id extends ListId> = AnswerOf<Id> extends Page<infer Item> ? Item : never

async function problemOf(response: Response): Promise<GatezError> {
  const text = await response.text()
  try {
    const { code, detail, type: _, title: __, status: ___, instance: ____, ...extra } = JSON.parse(text)
    if (isCode(code) && typeof detail === 'string') return new GatezError(code, detail, { extra })
  } catch {
    // No problem document: something else answered.
  }
  const detail = `The answer was ${response.status}, and none of gatez's: is it control that listens there?`
  return new GatezError('control-unreachable', detail)
}

function isCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(CATALOGUE, code)
}
