import type { MessagePort } from 'node:worker_threads'

/** What the meter thread is started with. */
export interface MeterThreadData {
  readonly spoolPath: string
  readonly durability: 'disk' | 'process'
  readonly epoch: number
  /** How far the clock is from the host's; 0 if not given. */
  readonly clockOffsetMs?: number
  /** Stop taking events when the spool holds this many bytes. */
  readonly spoolBytesMax: number
}

/** From the main thread to the meter thread. */
export type MeterCommand =
  | { readonly kind: 'connect'; readonly port: MessagePort }
  | { readonly kind: 'shipped'; readonly throughBatchId: number }
  | { readonly kind: 'stop' }

/** From the meter thread to the main thread. */
export type MeterReport =
  | { readonly kind: 'ready' }
  | { readonly kind: 'committed' }
  | { readonly kind: 'down'; readonly reason: string }
  | { readonly kind: 'up' }
  | { readonly kind: 'stopped' }

/** From a gateway thread to the meter thread: the events of one tick. */
export interface MeterBatch {
  readonly batch: number
  readonly lines: string
  readonly count: number
}

/** From the meter thread to a gateway thread. */
export type MeterAnswer =
  | { readonly kind: 'durable'; readonly throughBatch: number }
  | { readonly kind: 'down' }
  | { readonly kind: 'up' }
