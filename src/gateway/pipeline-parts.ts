import type { EventsAnswer, EventsRequest } from '../ingest/ingest-messages.ts'
import type { Clock } from '../lib/clock.ts'
import type { PeriodFinder } from '../limits/period-finder.ts'
import type { UsageTotalsView } from '../metering/usage-view.ts'
import type { Period } from '../model/period.ts'
import type { CounterStore } from '../storage/ports/counters.ts'
import type { Authenticator } from './authenticate.ts'
import type { TokenAuthenticator } from './authenticate-token.ts'
import type { CallWatch } from './call-watch.ts'
import type { Clients } from './clients.ts'
import type { Exchange } from './exchange.ts'
import type { KeeperClient } from './keeper-client.ts'
import type { SentAnswer } from './keeper-messages.ts'
import type { MeterClient } from './meter.ts'
import type { OwnAnswer } from './own-endpoints.ts'
import type { Refusal } from './refusal.ts'
import type { RequestChecks } from './request-checks.ts'
import type { Rules } from './rules.ts'
import type { Upstreams } from './upstreams.ts'

/** What the way of a request needs, and how it answers. */
export interface PipelineParts {
  readonly rules: Rules
  readonly checks: RequestChecks
  readonly clients: Clients
  readonly authenticator: Authenticator
  readonly tokens: TokenAuthenticator
  readonly counters: CounterStore
  readonly meter: MeterClient
  readonly keeper: KeeperClient
  readonly upstreams: Upstreams
  readonly clock: Clock
  readonly watch: CallWatch
  /** Makes the id of an event. */
  readonly nextId: () => string
  readonly periodOf: PeriodFinder
  /** Writes a problem to the client. */
  readonly answer: (exchange: Exchange, refusal: Refusal, fields: readonly string[]) => void
  /** Writes what gatez answers itself. */
  readonly answerOwn: (exchange: Exchange, answer: OwnAnswer) => void
  /** Writes an answer that was kept; `fields` are those of it and gatez's own. */
  readonly answerKept: (exchange: Exchange, fields: readonly string[], answer: SentAnswer) => void
  /** Answers a browser that asks whether a page may call. */
  readonly answerPreflight: (exchange: Exchange, fields: readonly string[]) => void
  /** Whether more arrives than can be done. */
  readonly isOverloaded: () => boolean
  readonly billingPeriodAt: (atMs: number, anchorMs: number | null) => Period
  /** What the ledger holds of a tenant. */
  readonly figuresOf: (tenantId: string, period: Period) => Promise<UsageTotalsView>
  /** Counts what a request reports; resolves once that is durable. */
  readonly takeEvents: (request: EventsRequest) => Promise<EventsAnswer>
  /** Something broke on the way of this request. */
  readonly fault: (exchange: Exchange, error: unknown) => void
  /** Something outside of gatez is wrong, which its operator should know. */
  readonly warn: (what: string, detail: string) => void
  /** Something broke that no request waits for. */
  readonly alarm: (what: string, error: unknown) => void
}
