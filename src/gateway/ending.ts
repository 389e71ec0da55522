import type { Outcome } from '../model/event.ts'
import type { CallParts } from './call-parts.ts'
import type { Limited } from './exchange.ts'
import type { Held } from './meter.ts'
import type { Refusal } from './refusal.ts'
import type { UpstreamHeaders } from './response-head.ts'
import type { UsageReader } from './usage-reader.ts'

/** How an exchange ended, or how far it is, as far as the upstream and the client are concerned. */
export interface Ending {
  readonly outcome: Outcome
  readonly status: number
  readonly refusal: Refusal | undefined
  readonly bytesSent: number
  readonly bytesReceived: number
  /** The upstream's fields, names in lower case; undefined when it gave no answer. */
  readonly headers: UpstreamHeaders | undefined
  /** Custom meters the upstream reported in fields. */
  readonly meters: ReadonlyMap<string, string> | undefined
  /** What the answer said of its own usage, where it is read for it. */
  readonly usage: UsageReader | undefined
  /** What was metered before this, in parts; undefined when nothing was. */
  readonly parts: CallParts | undefined
}

/** What a passage tells the pipeline. */
export interface PassageListener {
  /** Adds gatez's own fields to the head of the answer: limits, request id. */
  addOwnFields(fields: string[], limited: Limited): void
  /** The exchange ended. `held` is there when the end of the answer waits for the event. */
  ended(limited: Limited, ending: Ending, held: Held | undefined): void
  /** The upstream is to blame; the operator should know why. */
  upstreamFailed(limited: Limited, error: Error): void
  /** Nothing was sent to the client yet: answer with this problem. */
  refuse(limited: Limited, refusal: Refusal): void
}
