import type { Config } from '../config/config.ts'
import type { CallVerifier } from '../gateway/call-verifier.ts'
import type { Clock } from '../lib/clock.ts'
import type { SpoolDepth } from '../metering/spool-depth.ts'
import type { ControlStore } from '../storage/ports/control-store.ts'
import type { LocalCounterStore } from '../storage/ports/counters.ts'
import type { Log } from '../telemetry/log.ts'
import type { TrafficTotals } from '../telemetry/traffic.ts'
import type { Cases, EvidenceCases, NowCases } from './cases.ts'
import type { DeskCases } from './desk-cases.ts'
import type { IdentityProvider } from './oidc.ts'
import type { TryRelay } from './try-relay.ts'

/** What the control API needs. */
export interface ControlParts {
  readonly store: ControlStore
  readonly clock: Clock
  readonly log: Log
  readonly version: string
  /** The configuration in force. */
  readonly config: () => Config
  /** The use cases on a store, signed with an actor. */
  readonly casesOn: (store: ControlStore, actor: string) => Cases
  readonly evidence: EvidenceCases
  /** Those of the billing desk, on a store and signed with an actor. */
  readonly deskOn: (store: ControlStore, actor: string) => Promise<DeskCases>
  readonly now: NowCases
  /** What the gateway threads counted, as it is now. */
  readonly traffic: () => TrafficTotals
  /** What waits in the spool of this node. */
  readonly spoolDepth: () => Promise<SpoolDepth>
  readonly verifier: Pick<CallVerifier, 'verify' | 'forget' | 'left'>
  /** undefined where the file names none. */
  readonly identityProvider: () => IdentityProvider | undefined
  /** Counts requests of one token, session and address; of this process alone. */
  readonly counters: LocalCounterStore
  /** Makes calls from the portal. */
  readonly relay: TryRelay
}

/** What telling who asks needs of that. */
export type AuthParts = Pick<ControlParts, 'store' | 'clock' | 'counters'>
