import type { MessagePort } from 'node:worker_threads'
import type { Config } from '../config/config.ts'
import type { ErrorCode } from '../errors/catalogue.ts'
import type { Dimension } from '../model/dimension.ts'
import type { Meter } from '../model/meter.ts'
import type { EventSender } from './place-event.ts'
import type { EventsBody } from './read-body.ts'

/** What the ingest thread is started with. The control store is there already. */
export interface IngestThreadData {
  readonly stores: Config['stores']
  readonly epoch: number
  readonly clockOffsetMs: number
  readonly counterMemory: SharedArrayBuffer
  readonly rules: IngestRules
}

/** What the file says of events. */
export interface IngestRules {
  readonly meters: readonly Meter[]
  readonly dimensions: readonly Dimension[]
  /** Events a tenant may report with its own keys in any minute; null = any number. */
  readonly perMinute: number | null
}

/** From the main thread to the ingest thread. */
export type IngestCommand =
  | { readonly kind: 'connect'; readonly port: MessagePort }
  | { readonly kind: 'rules'; readonly rules: IngestRules }
  /** Take in what has come, and end. */
  | { readonly kind: 'stop' }

/** From the ingest thread to the main thread. */
export type IngestReport =
  /** Events are in the ledger: there is something for the usage log. */
  | { readonly kind: 'counted' }
  /** A transaction failed; its senders were told to try again. */
  | { readonly kind: 'failed'; readonly error: Readonly<Record<string, unknown>> }
  | { readonly kind: 'stopped' }

/** From a gateway thread to the ingest thread. */
export interface EventsQuestion {
  readonly id: number
  readonly request: EventsRequest
}

/** The answer to the question of the same id. */
export interface EventsReply {
  readonly id: number
  readonly answer: EventsAnswer
}

/** A request to `POST /v1/events` whose sender is known. */
export interface EventsRequest extends EventsBody {
  readonly sender: EventSender
  /** Requests of one name wait in one line, so that others need not wait behind them. */
  readonly line: string
}

/** What its sender is to be told. */
export type EventsAnswer =
  | { readonly kind: 'answer'; readonly status: number; readonly json: string }
  | {
      readonly kind: 'problem'
      readonly code: ErrorCode
      readonly detail: string
      readonly extra: Readonly<Record<string, unknown>>
      readonly retryAfterS: number | null
    }
