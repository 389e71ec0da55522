import { userInfo } from 'node:os'
import type { Access } from './access/access.ts'
import { type ApplyPlansRequest, applyPlans } from './access/apply-plans.ts'
import { approveKeys } from './access/approve-keys.ts'
import { cancelPlan } from './access/cancel-plan.ts'
import { changePlan } from './access/change-plan.ts'
import { type CreateKeyRequest, createKey } from './access/create-key.ts'
import { createTenant } from './access/create-tenant.ts'
import { createToken } from './access/create-token.ts'
import { deleteTenant, tenantBlockers } from './access/delete-tenant.ts'
import { findTenant } from './access/find-tenant.ts'
import { importKeys } from './access/import-keys.ts'
import { inviteMember } from './access/invite-member.ts'
import { listKeys } from './access/list-keys.ts'
import { listMembers } from './access/list-members.ts'
import { listPlans } from './access/list-plans.ts'
import { listTenants } from './access/list-tenants.ts'
import { listTokens } from './access/list-tokens.ts'
import { overrideTenant } from './access/override-tenant.ts'
import type { WrittenScope } from './access/parse-scope.ts'
import { rejectKeys } from './access/reject-keys.ts'
import { removeMember } from './access/remove-member.ts'
import { type RequestKeyRequest, requestKey } from './access/request-key.ts'
import { resetMember } from './access/reset-member.ts'
import { resumeTenant } from './access/resume-tenant.ts'
import { revealKeys } from './access/reveal-keys.ts'
import { revokeKeys } from './access/revoke-keys.ts'
import { revokeTokens } from './access/revoke-tokens.ts'
import { rotateKey } from './access/rotate-key.ts'
import { showKey } from './access/show-key.ts'
import { showMember } from './access/show-member.ts'
import { showPlan } from './access/show-plan.ts'
import { showTenant } from './access/show-tenant.ts'
import { makeOperatorLink } from './access/sign-in-operator.ts'
import { suspendTenant } from './access/suspend-tenant.ts'
import { verifyKey } from './access/verify-key.ts'
import type { ExportRequest } from './billing/export/export-usage.ts'
import type { PreviewRequest } from './billing/preview-change.ts'
import type { Config } from './config/config.ts'
import {
  clockFromEnvironment,
  processEnvironment,
  type RemoteControl,
  remoteFromEnvironment,
} from './config/environment.ts'
import { loadConfig } from './config/load-config.ts'
import { orLocalOnly, remoteCases } from './control/remote.ts'
import type { Clock } from './lib/clock.ts'
import { shrinkHeap } from './lib/shrink-heap.ts'
import { listDegraded } from './limits/degraded-calls.ts'
import type { ReportBy } from './metering/report-columns.ts'
import { declaredAggregations } from './metering/roll-up.ts'
import { simulatePrices } from './metering/simulate-prices.ts'
import { parseUsageQuery, type WrittenUsageQuery } from './metering/usage-query.ts'
import { usageReport } from './metering/usage-report.ts'
import { openUsageStream, streamOf } from './metering/usage-stream.ts'
import type { Plan } from './model/plan.ts'
import { type FileCache, openControlStore } from './storage/open.ts'
import type { ControlStore } from './storage/ports/control-store.ts'

/**
 * All use cases, ready to be called: those of a control API where the environment names one, else those of
 * the file. Dispose it when done. With the cache `small` a command that reads much of the store holds little of it.
 */
export async function openApp(configFile: string, cache: FileCache = 'usual'): Promise<App> {
  const remote = remoteFromEnvironment(processEnvironment(), configFile)
  return remote === undefined ? openLocalApp(configFile, cache) : remoteApp(remote)
}

/**
 * Reads the file, opens its stores and returns all use cases with what they need bound to them.
 *
 * What is done through it is signed with the user of the operating system. Dispose it when done.
 * Throws what is wrong with the file or the store.
 */
export async function openLocalApp(configFile: string, cache: FileCache = 'usual'): Promise<App> {
  const env = processEnvironment()
  const config = loadConfig(configFile, env)
  const clock = clockFromEnvironment(env)
  const store = await openControlStore(config, clock, cache)
  return appOn({ config, clock, store, actor: `cli:${systemUser()}` })
}

/** The use cases on stores that are open, signed with `actor`. Disposing them closes the store. */
export function appOn({ config, clock, store, actor }: AppParts) {
  const access = { store, clock, billing: config.billing }
  const routes = config.apis.flatMap((api) => api.routes)

  return {
    config,
    clock,
    store,
    actor,
    createTenant: (request: Unsigned<typeof createTenant>) => createTenant(access, { ...request, actor }),
    listTenants: () => listTenants(access),
    showTenant: (request: Asked<typeof showTenant>) => showTenant(access, request),
    suspendTenant: (request: Unsigned<typeof suspendTenant>) => suspendTenant(access, { ...request, actor }),
    resumeTenant: (request: Unsigned<typeof resumeTenant>) => resumeTenant(access, { ...request, actor }),
    changePlan: (request: Unsigned<typeof changePlan>) => changePlan(access, { ...request, actor }),
    cancelPlan: (request: Unsigned<typeof cancelPlan>) => cancelPlan(access, { ...request, actor }),
    previewChange: async (request: PreviewRequest) => {
      // Loaded here: no other command needs it.
      const { previewChange } = await import('./billing/preview-change.ts')
      return previewChange(access, request)
    },
    tenantBlockers: (request: Asked<typeof tenantBlockers>) => tenantBlockers(access, request),
    deleteTenant: (request: Unsigned<typeof deleteTenant>) => deleteTenant(access, { ...request, actor }),
    overrideTenant: (request: Omit<Unsigned<typeof overrideTenant>, 'knownFeatures'>) => {
      const knownFeatures = config.features.map((feature) => feature.id)
      return overrideTenant(access, { ...request, knownFeatures, actor })
    },
    ...memberCases(access, actor),
    createKey: ({ scope, ...request }: ScopedCreateKey) => {
      const knownRoutes = routes.map((route) => route.id)
      return createKey(access, { ...request, actor, scope: { ...scope, knownRoutes } })
    },
    requestKey: ({ scope, ...request }: ScopedRequestKey) => {
      const knownRoutes = routes.map((route) => route.id)
      return requestKey(access, { ...request, actor, scope: { ...scope, knownRoutes } })
    },
    listKeys: (request: Asked<typeof listKeys>) => listKeys(access, request),
    showKey: (request: Asked<typeof showKey>) => showKey(access, request),
    approveKeys: (request: Unsigned<typeof approveKeys>) => approveKeys(access, { ...request, actor }),
    rejectKeys: (request: Unsigned<typeof rejectKeys>) => rejectKeys(access, { ...request, actor }),
    revealKeys: (request: Unsigned<typeof revealKeys>) => revealKeys(access, { ...request, actor }),
    revokeKeys: (request: Unsigned<typeof revokeKeys>) => revokeKeys(access, { ...request, actor }),
    rotateKey: (request: Unsigned<typeof rotateKey>) => rotateKey(access, { ...request, actor }),
    verifyKey: (request: Omit<Asked<typeof verifyKey>, 'routes'>) =>
      verifyKey(access, { ...request, routes }),
    importKeys: (request: Unsigned<typeof importKeys>) => importKeys(access, { ...request, actor }),
    ...tokenCases(access, actor),
    applyPlans: (request: Omit<ApplyPlansRequest, 'actor' | 'plans'>) =>
      applyPlans(access, { ...request, plans: config.plans, actor }),
    listPlans: () => listPlans(access),
    showPlan: (request: Asked<typeof showPlan>) => showPlan(access, request),
    ...usageCases({ config, clock, store }),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  }
}

/** The same, done by a control API; what it does not offer says so. */
function remoteApp(remote: RemoteControl): App {
  const { exportTable, ...cases } = remoteCases(remote)
  return orLocalOnly<App>({
    ...cases,
    exportUsage: async (written, request) => {
      const { exportUsage } = await import('./billing/export/export-usage.ts')
      const { report, meter_ids: meterIds } = await exportTable(written)
      const rows = await exportUsage(streamOf(report), { ...request, meterIds })
      return { rows, report }
    },
    [Symbol.asyncDispose]: async () => {},
  })
}

/** The use cases about what was used. */
function usageCases({ config, clock, store }: UsageParts) {
  const { billing } = config
  const read = queryReader({ config, clock })
  return {
    billingTerms: async () => billing,
    usageReport: (written: WrittenUsageQuery) => usageReport(store, read(written, ['tenant']), billing),
    usageStream: (written: WrittenUsageQuery) =>
      openUsageStream(store, read(written, ['tenant', 'key']), { billing }),
    listDegraded: async ({
      tenant,
      limit,
    }: {
      readonly tenant?: string | undefined
      readonly limit: number
    }) => {
      const tenantId = tenant === undefined ? undefined : (await findTenant(store, tenant)).id
      return listDegraded(store, { tenantId, limit })
    },
    listQuotas: async (request: { readonly tenant?: string | undefined }) => {
      const { listQuotas } = await import('./metering/list-quotas.ts')
      const tenants =
        request.tenant === undefined ? await store.tenants.list() : [await findTenant(store, request.tenant)]
      const aggregationOf = declaredAggregations(config.meters)
      return listQuotas({ store, clock, billing, aggregationOf }, tenants)
    },
    exportUsage: async (written: WrittenUsageQuery, { asReport, ...request }: UsageExportRequest) => {
      // Loaded here, so that other commands need not wait for the CSV writer.
      const { exportUsage } = await import('./billing/export/export-usage.ts')
      const query = read(written, ['tenant', 'key'])
      const report = asReport ? await usageReport(store, query, billing) : null
      const options = { billing, between: shrinkHeap }
      const usage = report === null ? await openUsageStream(store, query, options) : streamOf(report)
      const rows = await exportUsage(usage, { ...request, meterIds: config.meters.map(({ id }) => id) })
      return { rows, report }
    },
    simulatePrices: async (written: WrittenUsageQuery, plans: readonly Plan[]) => {
      const { span, tenant } = read(written, [])
      const tenantId = tenant === undefined ? undefined : (await findTenant(store, tenant)).id
      return simulatePrices(store, { span, tenantId, plans, billing })
    },
  }
}

interface UsageExportRequest extends Omit<ExportRequest, 'meterIds'> {
  /** Whether the report is asked for as well: all its rows are held then. */
  readonly asReport: boolean
}

function memberCases(access: Access, actor: string) {
  return {
    inviteMember: (request: Unsigned<typeof inviteMember>) => inviteMember(access, { ...request, actor }),
    listMembers: (request: Asked<typeof listMembers>) => listMembers(access, request),
    showMember: (request: Asked<typeof showMember>) => showMember(access, request),
    resetMember: (request: Unsigned<typeof resetMember>) => resetMember(access, { ...request, actor }),
    removeMember: (request: Unsigned<typeof removeMember>) => removeMember(access, { ...request, actor }),
  }
}

function tokenCases(access: Access, actor: string) {
  return {
    createToken: (request: Unsigned<typeof createToken>) => createToken(access, { ...request, actor }),
    listTokens: () => listTokens(access),
    makeOperatorLink: () => makeOperatorLink(access, { actor }),
    revokeTokens: (request: Unsigned<typeof revokeTokens>) => revokeTokens(access, { ...request, actor }),
  }
}

/** Reads what a user asks of a report, by what the file declares. */
function queryReader({ config, clock }: ReaderParts) {
  const { timezone } = config.billing
  const dimensions = config.dimensions.map(({ id }) => id)
  const meters = config.meters.map(({ id }) => id)
  return (written: WrittenUsageQuery, by: readonly ReportBy[]) =>
    parseUsageQuery(written, { nowMs: clock.nowMs(), timezone, by, dimensions, meters })
}

interface ReaderParts {
  readonly config: Config
  readonly clock: Clock
}

interface UsageParts extends ReaderParts {
  readonly store: ControlStore
}

/** What use cases need. */
export interface AppParts {
  readonly config: Config
  readonly clock: Clock
  readonly store: ControlStore
  /** Who is said to have asked. */
  readonly actor: string
}

/** The use cases, ready to be called. */
export type App = ReturnType<typeof appOn>

/** What a use case is asked with. */
type Asked<UseCase extends (access: never, request: never) => unknown> = Parameters<UseCase>[1]

/** The same, without who asks: that is added here. */
type Unsigned<UseCase extends (access: never, request: never) => unknown> = Omit<Asked<UseCase>, 'actor'>

/** The same for a key, without the routes there are. */
type ScopedCreateKey = Omit<CreateKeyRequest, 'actor' | 'scope'> & {
  readonly scope?: Omit<WrittenScope, 'knownRoutes'>
}

type ScopedRequestKey = Omit<RequestKeyRequest, 'actor' | 'scope'> & {
  readonly scope?: Omit<WrittenScope, 'knownRoutes'>
}

/** The user of the operating system who runs this. In a container it may have a number and no name. */
export function systemUser(): string {
  try {
    return userInfo().username
  } catch {
    return `uid-${process.getuid?.() ?? 'unknown'}`
  }
}
