import type { Config } from './config/config.ts'
import { viewRoutes } from './config/route-view.ts'
import type { EvidenceCases, NowCases } from './control/cases.ts'
import type { ControlParts } from './control/control-parts.ts'
import { evidenceOn } from './evidence.ts'
import { probePort } from './gateway/gateway-threads.ts'
import { intakeOn } from './intake.ts'
import type { Clock } from './lib/clock.ts'
import { limitsNow } from './limits/limits-now.ts'
import { listCalls } from './metering/list-calls.ts'
import { usageTenantId } from './metering/usage-tenant.ts'
import { proofOn } from './proof.ts'
import type { ControlStore } from './storage/ports/control-store.ts'
import type { CounterStore } from './storage/ports/counters.ts'
import type { UsageLog } from './storage/ports/usage-log.ts'
import type { TrafficWindow } from './telemetry/traffic-window.ts'
import { examine } from './upkeep/examine.ts'
import { storeSchema } from './upkeep/store-schema.ts'

/** What looks at single calls, proves the numbers and brings usage in, by the configuration in force. */
export function evidenceCases({ config, clock, store }: CasesParts, usageLog: UsageLog): EvidenceCases {
  const on = () => ({ config: config(), clock, store })
  const intake = (actor: string) => intakeOn({ ...on(), actor }, usageLog)
  const proof = (actor: string) => proofOn({ ...on(), actor }, usageLog)
  const run = { onProgress: () => {} }
  return {
    latency: (written) => evidenceOn(on(), usageLog).latency(written),
    why: (id, tenantId) => evidenceOn(on(), usageLog).why(id, tenantId),
    listCalls: (asked) => listCalls(usageLog, asked),
    explainLine: (line) => proofOn({ ...on(), actor: '' }, usageLog).explain({ line, meter: 'calls' }),
    tailUsage: (written) => evidenceOn(on(), usageLog).tailUsage(written),
    diffPlans: (plans) => evidenceOn(on(), usageLog).diffPlans(plans),
    reconcile: (written) => proof('').reconcile(written),
    listRoutes: () => viewRoutes(config()),
    ingest: (body, { actor, fromLine, signal }) =>
      intake(actor).ingestFile('-', { ...run, fromLine, signal }, body),
    importLog: (body, { actor, ...asked }) => intake(actor).importLog('-', { ...run, ...asked }, body),
    usageLeaks: (written) => proof('').leaks(written),
    eachLeak: (written, each) => proof('').eachLeak(written, each),
    explain: (written) => proof('').explain(written),
    eachBehind: (written, each) => proof('').eachBehind(written, each),
    trail: (id) => proof('').trail(id),
    voidEvent: ({ actor, ...request }) => proof(actor).voidEvent(request),
    refusals: (written) => evidenceOn(on(), usageLog).refusals(written),
    retryUnattributed: () => intake('').retryUnattributed(() => {}),
  }
}

/** What is going on now, where the counters of the gateway can be looked at. */
export function nowCases({ config, clock, store }: CasesParts, gateway: GatewayNow): NowCases {
  return {
    limits: async (names) => {
      const ids = await Promise.all(names.map((name) => usageTenantId(store.tenants, name)))
      const tenants = await Promise.all(ids.map((id) => store.tenants.find(id)))
      const known = tenants.filter((tenant) => tenant !== undefined)
      return limitsNow({ store, counters: gateway.counters, clock }, known)
    },
    traffic: async () => gateway.traffic.view(),
    health: healthOf({ config, clock }),
    schema: () => storeSchema(config()),
  }
}

/** The billing desk, loaded when it is asked for: most of it makes invoices, and few requests do. */
export function deskCases({ config, clock }: Pick<CasesParts, 'config' | 'clock'>): ControlParts['deskOn'] {
  return async (store, actor) => {
    const { deskOn } = await import('./invoicing.ts')
    return deskOn({ config: config(), clock, store, actor })
  }
}

/** Looks at everything an installation needs, as `gatez doctor` does. */
export function healthOf({ config, clock }: Pick<CasesParts, 'config' | 'clock'>): NowCases['health'] {
  return () => examine({ config: config(), clock, probePort })
}

/** What is known of the gateway that runs in this process. */
export interface GatewayNow {
  readonly counters: CounterStore
  readonly traffic: TrafficWindow
}

/** What all of it needs. */
export interface CasesParts {
  readonly config: () => Config
  readonly clock: Clock
  readonly store: ControlStore
}
