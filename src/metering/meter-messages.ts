import type { MessagePort } from 'node:worker_threads'
import type { SpoolPlace } from './spool-files.ts'

/** What the meter thread is started with. */
export interface MeterThreadData {
  /** Of its first file. */
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
  | { readonly kind: 'shipped'; readonly through: SpoolPlace }
  | { readonly kind: 'stop' }

/** From the meter thread to the main thread. */
export type MeterReport =
  | { readonly kind: 'ready' }
  | { readonly kind: 'committed' }
  | { readonly kind: 'down'; readonly reason: string }
  | { readonly kind: 'up' }
  /** The disk failed a file of the spool; events go to a new one. */
  | { readonly kind: 'new-file'; readonly path: string; readonly reason: string }
  /** The spool holds four fifths of what it may. */
  | { readonly kind: 'filling'; readonly bytes: number }
  | { readonly kind: 'stopped' }

/** From a gateway thread to the meter thread: the events of one tick. */
export interface MeterBatch {
  readonly batch: number
  /** As `EventLines` has them. */
  readonly lines: Uint8Array<ArrayBuffer>
  readonly count: number
}

/** From the meter thread to a gateway thread. */
export type MeterAnswer =
  | { readonly kind: 'durable'; readonly throughBatch: number }
  | { readonly kind: 'down' }
  | { readonly kind: 'up' }
