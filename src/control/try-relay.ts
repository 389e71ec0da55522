import { Readable } from 'node:stream'
import { Agent, type Dispatcher } from 'undici'
import { makeTryKey, type TryKey } from '../access/make-try-key.ts'
import { GatezError } from '../errors/gatez-error.ts'
import type { Clock } from '../lib/clock.ts'
import type { Api } from '../model/api.ts'
import type { ControlStore } from '../storage/ports/control-store.ts'
import type { ListeningAt } from './control-messages.ts'
import { webStream } from './streams.ts'

/** A key with less left than this is not used for another call. */
const LEFT_MS = 30_000
const ANSWER_MS = 60_000
const KEYS_MAX = 10_000

/**
 * Sends calls that members try in the portal to the gateway, as any client would: with a key of their tenant, so that
 * they are limited, metered and billed like every other call.
 *
 * The key is known here and nowhere else, and ends after fifteen minutes. Nothing of the member's session goes with
 * the call, and nothing comes back that could change the page or its cookies.
 */
export class TryRelay {
  readonly #parts: TryRelayParts
  readonly #keys = new Map<string, Promise<TryKey>>()
  // The gateway is on this machine, or behind the operator's own certificate for another name.
  readonly #agent = new Agent({ connect: { rejectUnauthorized: false }, headersTimeout: ANSWER_MS })

  constructor(parts: TryRelayParts) {
    this.#parts = parts
  }

  async send(call: TriedCall): Promise<Response> {
    const at = this.#parts.gatewayAt()
    if (at === undefined) {
      throw new GatezError(
        'control-unreachable',
        'The gateway does not take calls yet; try again in a moment.',
      )
    }
    const { method } = call
    if (!isMethod(method))
      throw new GatezError('invalid-parameter', `method: ${method} is no method of HTTP.`)
    const { secret } = await this.#keyOf(call)
    const host = at.host === '::' || at.host === '0.0.0.0' ? '127.0.0.1' : at.host
    const origin = `${at.speaksTls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${at.port}`
    const headers = { ...passedOn(call.headers), 'x-api-key': secret, ...hostOf(call.api) }
    const isBodied = method !== 'GET' && method !== 'HEAD'
    const answer = await this.#agent
      .request({
        ...{ origin, method, path: call.path, headers, signal: call.signal },
        ...(isBodied && { body: Readable.from(call.body) }),
      })
      .catch((cause: unknown) => {
        throw new GatezError('control-unreachable', 'The gateway does not answer.', { cause })
      })
    const fields = new Headers()
    for (const [name, value] of Object.entries(answer.headers)) {
      if (value === undefined || KEPT_BACK.has(name) || name.startsWith('access-control-')) continue
      // A page that follows would leave what it tries; it is shown instead.
      fields.set(name === 'location' ? 'x-location' : name, [value].flat().join(', '))
    }
    return new Response(isEmpty(answer.statusCode) ? null : webStream(answer.body), {
      status: answer.statusCode,
      headers: fields,
    })
  }

  #keyOf({ tenantId, actor }: TriedCall): Promise<TryKey> {
    const known = this.#keys.get(tenantId) ?? Promise.resolve(undefined)
    const next = known
      .catch(() => undefined)
      .then((key) => {
        const { store, clock } = this.#parts
        const isGood = key !== undefined && key.expiresAtMs - clock.nowMs() > LEFT_MS
        return isGood ? key : makeTryKey({ store, clock }, { tenant: tenantId, actor })
      })
    if (this.#keys.size >= KEYS_MAX) this.#keys.clear()
    this.#keys.set(tenantId, next)
    return next
  }
}

export interface TryRelayParts {
  readonly store: ControlStore
  readonly clock: Clock
  /** undefined until it listens. */
  readonly gatewayAt: () => ListeningAt | undefined
}

/** A call a member tries. */
export interface TriedCall {
  readonly tenantId: string
  readonly actor: string
  readonly api: Pick<Api, 'hosts'>
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly headers: Headers
  readonly body: AsyncIterable<Uint8Array>
  readonly signal: AbortSignal
}

function hostOf({ hosts }: Pick<Api, 'hosts'>): Readonly<Record<string, string>> {
  const [host] = hosts
  return host === undefined ? {} : { host }
}

/** What of a request is the call's, not the page's. */
function passedOn(headers: Headers): Record<string, string> {
  const kept = [...headers].filter(([name]) => !OWN.has(name) && !name.startsWith('sec-'))
  return Object.fromEntries(kept)
}

function isEmpty(status: number): boolean {
  return status === 204 || status === 205 || status === 304
}

const OWN = new Set([
  ...['host', 'cookie', 'origin', 'referer', 'x-csrf-token', 'x-api-key', 'authorization', 'x-gatez-token'],
  ...['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'upgrade', 'te', 'trailer'],
  ...['proxy-authorization', 'proxy-connection', 'expect', 'accept-encoding', 'x-forwarded-for', 'forwarded'],
])

const KEPT_BACK = new Set([
  ...[
    'set-cookie',
    'set-cookie2',
    'clear-site-data',
    'strict-transport-security',
    'alt-svc',
    'link',
    'refresh',
  ],
  ...[
    'content-security-policy',
    'content-security-policy-report-only',
    'report-to',
    'nel',
    'reporting-endpoints',
  ],
  ...[
    'connection',
    'keep-alive',
    'transfer-encoding',
    'content-length',
    'upgrade',
    'trailer',
    'date',
    'server',
  ],
  ...[
    'www-authenticate',
    'x-frame-options',
    'x-content-type-options',
    'referrer-policy',
    'cache-control',
    'etag',
  ],
  ...['service-worker-allowed', 'permissions-policy', 'origin-agent-cluster'],
])

/** The gateway says what is wrong with one that nobody knows; what cannot be sent does not get that far. */
function isMethod(method: string): method is Dispatcher.HttpMethod {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}$/.test(method)
}
