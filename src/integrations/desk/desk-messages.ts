import type { LogFields } from '../../telemetry/log.ts'
import type { DeskConfig, DeskReport } from './desk-round.ts'

/** What the billing desk is started with. The stores are there already. */
export interface DeskData {
  readonly config: DeskConfig
  readonly clockOffsetMs: number
}

/** From the main thread to the desk. */
export type DeskCommand =
  /** The file was read again. */
  | { readonly kind: 'config'; readonly config: DeskConfig }
  /** End after the round that is under way, and answer `stopped`. */
  | { readonly kind: 'stop' }

/** From the desk to the main thread. */
export type DeskMessage =
  | { readonly kind: 'done'; readonly report: DeskReport }
  /** A round failed and will be tried again. */
  | { readonly kind: 'failed'; readonly error: LogFields }
  | { readonly kind: 'stopped' }
