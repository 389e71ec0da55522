import type { Clock } from '../lib/clock.ts'
import type { Token } from '../model/token.ts'
import type { Authenticator } from './authenticate.ts'
import type { TokenAuthenticator } from './authenticate-token.ts'
import type { Caller } from './call-plan.ts'
import type { Clients } from './clients.ts'
import type { Exchange } from './exchange.ts'
import { QuietLog } from './quiet-log.ts'
import { Refusal } from './refusal.ts'
import { STORE_UNAVAILABLE } from './refusals.ts'
import type { RequestHead } from './request-head.ts'
import type { Rules } from './rules.ts'

/** Keys and tokens: whose they are, and how often one address may show such that are none. */
export class Credentials {
  readonly #parts: CredentialsParts
  readonly #quiet: QuietLog

  constructor(parts: CredentialsParts) {
    this.#parts = parts
    this.#quiet = new QuietLog(parts.warn, parts.clock)
  }

  /** Whose key a request carries. */
  key(exchange: Exchange, head: RequestHead, rules: Rules): Caller | Refusal | Promise<Caller | Refusal> {
    return this.#counted(exchange, this.#parts.authenticator.authenticate(head, rules, exchange.startMs))
  }

  /** The token of this secret, if it may send events. */
  token(exchange: Exchange, secret: string): Token | Refusal | Promise<Token | Refusal> {
    return this.#counted(exchange, this.#parts.tokens.authenticate(secret, 'events', exchange.startMs))
  }

  /** Drops what changes made stale. */
  forget(subjects: readonly string[]): void {
    this.#parts.authenticator.forget(subjects)
    this.#parts.tokens.forget(subjects)
  }

  #counted<Found>(
    exchange: Exchange,
    found: Found | Refusal | Promise<Found | Refusal>,
  ): Found | Refusal | Promise<Found | Refusal> {
    if (!(found instanceof Promise)) return this.#count(exchange, found)
    return found.then(
      (settled) => this.#count(exchange, settled),
      (error: unknown) => {
        const why = error instanceof Error ? error.message : String(error)
        this.#quiet.tell(why, 'keys cannot be looked up: calls with such as are not in memory get 503', why)
        return STORE_UNAVAILABLE
      },
    )
  }

  #count<Found>(exchange: Exchange, found: Found | Refusal): Found | Refusal {
    if (!(found instanceof Refusal) || found.code !== 'invalid-credential') return found
    return this.#parts.clients.failedKey(exchange.origin.ip, exchange.startMs) ?? found
  }
}

export interface CredentialsParts {
  readonly authenticator: Authenticator
  readonly tokens: TokenAuthenticator
  readonly clients: Clients
  readonly warn: (what: string, detail: string) => void
  readonly clock: Clock
}
