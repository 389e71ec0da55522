import type { MessagePort } from 'node:worker_threads'
import type { Config } from '../config/config.ts'

/** What the control thread is started with. */
export interface ControlThreadData {
  readonly config: Config
  readonly version: string
  readonly epoch: number
  readonly nodeId: string
  readonly clockOffsetMs: number
  /** The counters of the gateway threads: a call that is verified here is limited with theirs. */
  readonly counterMemory: SharedArrayBuffer
  /** What the gateway threads count of their traffic; read with `readTraffic`. */
  readonly trafficMemory: SharedArrayBuffer
  readonly meterPort: MessagePort
}

/** From the main thread to the control thread. */
export type ControlCommand =
  | { readonly kind: 'config'; readonly config: Config }
  /** Where the gateway listens: calls from the portal go there. */
  | { readonly kind: 'gateway'; readonly at: ListeningAt }
  | { readonly kind: 'stop' }

/** From the control thread to the main thread. */
export type ControlReport =
  | { readonly kind: 'listening'; readonly control: ListeningAt; readonly portal: ListeningAt | null }
  | { readonly kind: 'not-listening'; readonly code: string; readonly detail: string }
  /** The billing desk has work. */
  | { readonly kind: 'desk-wanted' }
  | { readonly kind: 'stopped' }

/** Where something listens. */
export interface ListeningAt {
  readonly host: string
  readonly port: number
  readonly speaksTls: boolean
}
