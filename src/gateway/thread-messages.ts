import type { MessagePort } from 'node:worker_threads'
import type { Config } from '../config/config.ts'
import type { AloneCalls } from '../limits/alone-tally.ts'
import type { UsageTotalsView } from '../metering/usage-view.ts'
import type { Plan } from '../model/plan.ts'
import type { FiguresRequest } from './figures.ts'
import type { TargetHealth } from './upstreams.ts'

/** What a gateway thread is started with. Plain data, the shared counters, and its ways to the meter and the ingest thread. */
export interface GatewayThreadData {
  readonly config: Config
  readonly plans: readonly Plan[]
  readonly thread: number
  readonly epoch: number
  readonly clockOffsetMs: number
  readonly counterMemory: SharedArrayBuffer
  /** What addresses are counted in, apart from tenants. */
  readonly clientMemory: SharedArrayBuffer
  /** What gateway threads count of their traffic: this one at the place of its number. */
  readonly trafficMemory: SharedArrayBuffer
  readonly meterPort: MessagePort
  readonly ingestPort: MessagePort
  /** To the keeper of answers. */
  readonly keeperPort: MessagePort
  readonly ipSalt: string
  /** Listen so that several threads share the port. */
  readonly sharePort: boolean
}

/** From the main thread to a gateway thread. */
export type GatewayCommand =
  | { readonly kind: 'listen'; readonly port: number }
  | { readonly kind: 'plans'; readonly plans: readonly Plan[] }
  | { readonly kind: 'config'; readonly config: Config; readonly plans: readonly Plan[] }
  | { readonly kind: 'changes'; readonly subjects: readonly string[] }
  /** What gatez's own questions to an upstream found out. */
  | { readonly kind: 'health'; readonly health: TargetHealth }
  | { readonly kind: 'drain'; readonly graceMs: number }
  /** Ends the thread: by itself, so that it holds no lock of the counters when it is gone. */
  | { readonly kind: 'stop' }
  /** The answer to `figures-wanted`; without totals when they cannot be read. */
  | { readonly kind: 'figures'; readonly id: number; readonly totals: UsageTotalsView | undefined }

/** From a gateway thread to the main thread. */
export type GatewayReport =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'not-listening'; readonly errno: string; readonly message: string }
  | { readonly kind: 'drained' }
  | { readonly kind: 'figures-wanted'; readonly request: FiguresRequest }
  /** Events came in: the ingest thread must run. */
  | { readonly kind: 'ingest-wanted' }
  /** Calls that were decided without the counts that nodes share. */
  | { readonly kind: 'alone'; readonly calls: readonly AloneCalls[] }
  | { readonly kind: 'warning'; readonly what: string; readonly detail: string }
  | { readonly kind: 'alarm'; readonly what: string; readonly detail: string }
