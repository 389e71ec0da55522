import type { Outcome } from '../model/event.ts'
import type { CallParts } from './call-parts.ts'
import type { Limited } from './exchange.ts'
import type { FieldWriter } from './field-writer.ts'
import type { Held } from './meter.ts'
import type { Refusal } from './refusal.ts'
import type { AnswerHead } from './response-head.ts'
import type { Traffic } from './traffic.ts'
import type { UsageReader } from './usage-reader.ts'

/** How an exchange ended, or how far it is, as far as the upstream and the client are concerned. */
export interface Ending {
  readonly outcome: Outcome
  readonly status: number
  /** From sending it until the head of the upstream's answer was here; negative when none came. */
  readonly upstreamMs: number
  readonly refusal: Refusal | undefined
  readonly bytesSent: number
  readonly bytesReceived: number
  /** Of the upstream's answer; undefined when it gave none. */
  readonly head: AnswerHead | undefined
  /** Custom meters the upstream reported in fields. */
  readonly meters: ReadonlyMap<string, string> | undefined
  /** What the answer said of its own usage, where it is read for it. */
  readonly usage: UsageReader | undefined
  /** What was metered before this, in parts; undefined when nothing was. */
  readonly parts: CallParts | undefined
}

/** The client left when so many bytes of its request had come, and nothing had gone upstream. */
export function leftAfter(bytesReceived: number): Ending {
  return {
    outcome: 'client_aborted',
    status: 0,
    upstreamMs: -1,
    refusal: undefined,
    bytesSent: 0,
    bytesReceived,
    head: undefined,
    meters: undefined,
    usage: undefined,
    parts: undefined,
  }
}

/** What a passage tells the pipeline. */
export interface PassageListener {
  /** What passes through this thread. */
  readonly traffic: Traffic
  /** What is made of the head of an answer. */
  readonly ownFields: AnswerFields
  /** The exchange ended. `held` is there when the end of the answer waits for the event. */
  ended(limited: Limited, ending: Ending, held: Held | undefined): void
  /** The upstream is to blame; the operator should know why. */
  upstreamFailed(limited: Limited, url: string, error: Error): void
  /** Nothing was sent to the client yet: answer with this problem. */
  refuse(limited: Limited, refusal: Refusal): void
}

/** Makes of the head of an upstream's answer what the client gets. */
export interface AnswerFields {
  /** All of it: `change`, then `write`. */
  add(fields: string[], limited: Limited): void
  /** Changes the fields of an upstream as the file says. */
  change(fields: string[], limited: Limited): void
  /** Writes gatez's own: request id, limits, and what concerns the connection. */
  write(to: FieldWriter, limited: Limited): void
  /** Whether the connection ends with the answer. */
  endsConnection(limited: Limited): boolean
}
