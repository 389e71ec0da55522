import type { Api, Feature } from '../model/api.ts'
import type { BillingAnchor, BillingCalendar } from '../model/billing-calendar.ts'
import type { Dimension } from '../model/dimension.ts'
import type { Meter } from '../model/meter.ts'
import type { Plan } from '../model/plan.ts'
import type { Proration } from '../model/proration.ts'
import type { ControlConfig, PortalConfig } from './control-config.ts'
import type { ControlStoreConfig } from './control-store-config.ts'
import type { CountersConfig } from './counters-config.ts'
import type { InvoiceConfig, MailConfig } from './invoice-config.ts'
import type { TelemetryConfig } from './telemetry-config.ts'
import type { UsageStoreConfig } from './usage-store-config.ts'

/** `gatez.yaml` after reading: checked, defaults filled in, frozen. Never checked again past here. */
export interface Config {
  /** Absolute path of the file it came from. */
  readonly file: string
  /** Base URL of the operator's pages about errors; null when there are none. */
  readonly docsUrl: string | null
  readonly gateway: GatewayConfig
  readonly control: ControlConfig
  readonly portal: PortalConfig
  readonly stores: StoresConfig
  readonly metering: MeteringConfig
  readonly billing: BillingConfig
  readonly invoicing: InvoiceConfig
  readonly mail: MailConfig
  readonly telemetry: TelemetryConfig
  readonly apis: readonly Api[]
  readonly features: readonly Feature[]
  readonly meters: readonly Meter[]
  readonly dimensions: readonly Dimension[]
  readonly plans: readonly Plan[]
}

export interface GatewayConfig {
  readonly listen: ListenAddress
  /** How many gateway threads; `auto` in the file becomes a number here. */
  readonly threads: number
  /** Memory of the shared counters. */
  readonly countersMib: number
  /** Whether plain requests and answers go past node:http and undici. */
  readonly fastLane: boolean
  /** How many processes share the counters: each gets its share of a limit while those are out of reach. */
  readonly nodes: number
  /** Where gatez itself answers on this listener; null = nowhere. */
  readonly ownPaths: Readonly<Record<'health' | 'usage' | 'events', string | null>>
  /** Events a tenant may report with its own keys in any minute; null = any number. */
  readonly eventsPerMinute: number | null
  /** How long `SIGTERM` waits for requests in flight. */
  readonly drainMs: number
  /** What makes the listener speak TLS; null = it speaks plain HTTP. */
  readonly tls: ListenerTls | null
  readonly clients: ClientRules
}

/** PEM texts. */
export interface ListenerTls {
  readonly cert: string
  readonly key: string
}

/** How far clients are trusted, waited for, and let in. */
export interface ClientRules {
  /** Addresses and blocks of proxies whose word on where a call came from is believed. */
  readonly trustedProxies: readonly string[]
  /** The field in which they give it. */
  readonly forwardedBy: 'x-forwarded-for' | 'forwarded'
  /** Connections one address may hold; null = any number. Trusted proxies may hold any number. */
  readonly connectionsPerIp: number | null
  /** Calls with a key that is not accepted, from one address in any minute; null = any number. */
  readonly failedKeysPerMinute: number | null
  /** How late the event loop may be before calls are turned away; null = they never are. */
  readonly maxLagMs: number | null
  /** For the head of a request to arrive whole. */
  readonly headMs: number
  /** Over how long the rate of an upload is looked at. */
  readonly bodyMs: number
  /** Without the client taking anything of its answer. */
  readonly readMs: number
  /** Between an answer and the next request. */
  readonly keepAliveMs: number
}

export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/** Where the stores are. Paths of files are absolute. */
export interface StoresConfig {
  readonly control: ControlStoreConfig
  readonly counters: CountersConfig
  readonly usage: UsageStoreConfig
  /** Folder of the spool and of the lock: this node's alone. */
  readonly dataDir: string
}

export interface MeteringConfig {
  /** `disk` survives power loss (fsync), `process` survives `kill -9`. */
  readonly durability: 'disk' | 'process'
  readonly retentionDays: number
  /** What may wait to be shipped; beyond it calls are refused. */
  readonly spoolBytesMax: number
  readonly clientIp: 'off' | 'hash' | 'full'
}

export interface BillingConfig extends BillingCalendar {
  readonly currency: string
  readonly anchor: BillingAnchor
  readonly proration: Proration
}
