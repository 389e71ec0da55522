import type { Config } from '../config/config.ts'
import type { SpoolPlace } from '../metering/spool-files.ts'
import type { UsageTotalsView } from '../metering/usage-view.ts'
import type { UsageEvent } from '../model/event.ts'
import type { Period } from '../model/period.ts'
import type { LogFields } from '../telemetry/log.ts'
import type { MeteringRules } from './ship.ts'

/** What the ship thread is started with. The stores and the spool are there already. */
export interface ShipThreadData {
  readonly stores: Config['stores']
  readonly metering: MeteringRules
  /** Of its first file. */
  readonly spoolPath: string
  readonly nodeId: string
  readonly clockOffsetMs: number
  /** Whether to send along the events that were shipped, until `enough`. */
  readonly showEvents: boolean
}

/** From the main thread to the ship thread. */
export type ShipCommand =
  /** Events became durable: there is something to ship. */
  | { readonly kind: 'wake' }
  /** No one looks at the events any more. */
  | { readonly kind: 'enough' }
  /** What the ledger holds of a tenant is asked for. */
  | { readonly kind: 'figures'; readonly id: number; readonly tenantId: string; readonly period: Period }
  /** The file was read again. */
  | { readonly kind: 'metering'; readonly metering: MeteringRules }
  /** Ship what the spool holds now, and answer `finished`. */
  | { readonly kind: 'finish' }

/** From the ship thread to the main thread. */
export type ShipReport =
  /** What an earlier run left in the spool is shipped. */
  | { readonly kind: 'ready' }
  /** Everything up to this place is in both stores. */
  | { readonly kind: 'shipped'; readonly through: SpoolPlace; readonly events: readonly UsageEvent[] }
  /** The answer to `figures`; without totals when they cannot be read. */
  | { readonly kind: 'figures'; readonly id: number; readonly totals: UsageTotalsView | undefined }
  /** A run failed and will be tried again. */
  | { readonly kind: 'failed'; readonly error: LogFields }
  /** The answer to `finish`; with an error when the stores did not take all. */
  | { readonly kind: 'finished'; readonly error?: LogFields }
