import type { Api, Feature, Meter } from '../model/api.ts'
import type { Plan } from '../model/plan.ts'

/** `gatez.yaml` after reading: checked, defaults filled in, frozen. Never checked again past here. */
export interface Config {
  /** Absolute path of the file it came from. */
  readonly file: string
  /** Base URL of the operator's pages about errors; null when there are none. */
  readonly docsUrl: string | null
  readonly gateway: GatewayConfig
  readonly control: { readonly listen: ListenAddress }
  readonly stores: StoresConfig
  readonly metering: MeteringConfig
  readonly billing: BillingConfig
  readonly apis: readonly Api[]
  readonly features: readonly Feature[]
  readonly meters: readonly Meter[]
  readonly plans: readonly Plan[]
}

export interface GatewayConfig {
  readonly listen: ListenAddress
  /** How many gateway threads; `auto` in the file becomes a number here. */
  readonly threads: number
  /** Memory of the shared counters. */
  readonly countersMib: number
  /** Where gatez itself answers on this listener; null = nowhere. */
  readonly ownPaths: { readonly health: string | null; readonly usage: string | null }
  /** How long `SIGTERM` waits for requests in flight. */
  readonly drainMs: number
}

export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/** Where the stores are. Paths of files are absolute. */
export interface StoresConfig {
  readonly control: { readonly driver: 'sqlite'; readonly path: string }
  readonly counters: { readonly driver: 'memory' }
  readonly usage: { readonly driver: 'sqlite'; readonly path: string }
  /** Folder of the spool and of the lock: beside the control store. */
  readonly dataDir: string
}

export interface MeteringConfig {
  /** `disk` survives power loss (fsync), `process` survives `kill -9`. */
  readonly durability: 'disk' | 'process'
  readonly retentionDays: number
  readonly clientIp: 'off' | 'hash' | 'full'
}

export interface BillingConfig {
  readonly currency: string
  readonly timezone: string
  readonly period: 'day' | 'week' | 'month' | 'year'
  readonly anchor: 'calendar'
}
