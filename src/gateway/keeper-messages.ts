import type { MessagePort } from 'node:worker_threads'
import type { Config } from '../config/config.ts'
import type { ClaimHolder, ClaimOutcome, ClaimOwner, KeptAnswer } from '../storage/ports/kept-answers.ts'
import type { LogFields } from '../telemetry/log.ts'

/** What the keeper thread is started with. The stores are there already. */
export interface KeeperThreadData {
  readonly stores: Config['stores']
  readonly owner: ClaimOwner
  readonly clockOffsetMs: number
}

/** From the main thread to the keeper thread: a gateway thread that may ask. */
export interface KeeperConnect {
  readonly port: MessagePort
}

/** From the keeper thread to the main thread. */
export type KeeperReport =
  | { readonly kind: 'ready' }
  /** A store refused; who asked was told that it failed. */
  | { readonly kind: 'failed'; readonly error: LogFields }

/** From a gateway thread to the keeper thread; `id` counts its questions. */
export type KeeperRequest =
  | {
      readonly kind: 'claim'
      readonly id: number
      readonly holder: ClaimHolder
      readonly fingerprint: string
      readonly keepMs: number
    }
  | {
      readonly kind: 'keep'
      readonly id: number
      readonly holder: ClaimHolder
      readonly answer: SentAnswer
      readonly keepMs: number
    }
  | { readonly kind: 'release'; readonly id: number; readonly holder: ClaimHolder }
  | {
      readonly kind: 'release-billed'
      readonly id: number
      readonly holder: ClaimHolder
      readonly keepMs: number
    }

/** From the keeper thread to a gateway thread: what became of its question. */
export interface KeeperReply {
  readonly id: number
  /** undefined when it failed; `done` for what asks for nothing. */
  readonly outcome: ClaimReply | 'done' | undefined
}

/** What a call with a key learns. `billedBefore`: an earlier one broke off after it was on the bill. */
export type ClaimReply =
  | { readonly kind: 'claimed'; readonly billedBefore: boolean }
  | Exclude<ClaimOutcome, { kind: 'claimed' | 'answered' }>
  | { readonly kind: 'answered'; readonly eventId: string; readonly answer: SentAnswer }

/** An answer between threads, where a Buffer arrives as plain bytes. */
export type SentAnswer = Omit<KeptAnswer, 'body'> & { readonly body: Uint8Array }
