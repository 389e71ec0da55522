import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import type { WrittenCustomer } from '../access/customer.ts'
import type { RemoteControl } from '../config/environment.ts'
import { GatezError } from '../errors/gatez-error.ts'
import { readEventView } from '../metering/event-view.ts'
import type { WrittenUsageQuery } from '../metering/usage-query.ts'
import type { UsageReport } from '../metering/usage-report.ts'
import { streamOf } from '../metering/usage-stream.ts'
import type { UsageEvent } from '../model/event.ts'
import type { Plan } from '../model/plan.ts'
import type { ExplainedEvent } from '../reconcile/explain-figure.ts'
import type { LeakedUsage } from '../reconcile/find-leaks.ts'
import type { VoidRequest } from '../reconcile/void-event.ts'
import type { AskedFigure, AskedLeaks, Cases, EvidenceCases, Visit } from './cases.ts'
import { ControlClient } from './client.ts'
import { linesOf, visitLines } from './read-lines.ts'

/** The use cases that commands call, done by a control API. */
export function remoteCases(remote: RemoteControl): RemoteCases {
  const client = new ControlClient(remote)
  const exportTable = (written: WrittenUsageQuery) =>
    tableOf(client, { by: 'tenant,key', ...defined(written) })
  return {
    ...tenantCases(client),
    ...keyCases(client),
    createToken: (request) => client.call('createToken', request),
    makeOperatorLink: () => client.call('createOperatorLink', {}),
    listTokens: () => client.all('listTokens', {}),
    revokeTokens: async ({ tokenIds }) => (await client.call('revokeTokens', { tokens: [...tokenIds] })).data,
    applyPlans: ({ dryRun, migrate }) =>
      client.call('applyPlans', { dry_run: dryRun, migrate_subscribers: migrate }),
    listPlans: () => client.all('listPlans', {}),
    previewChange: ({ tenant, planId, at, trialDays }) =>
      client.call('previewChange', { tenant, plan: planId, at, trial_days: trialDays?.toString() }),
    showPlan: ({ planId }) => client.call('showPlan', { plan: planId }),
    usageReport: async (written) => (await tableOf(client, written)).report,
    usageStream: async (written) => streamOf((await exportTable(written)).report),
    simulatePrices: ({ month, tenant }, plans) => client.raw('simulatePrices', { plans, month, tenant }),
    billingTerms: async () => (await client.call('settings', {})).billing,
    listQuotas: ({ tenant }) => client.all('listQuotas', { tenant }),
    listDegraded: ({ tenant, limit }) => client.call('listDegraded', { tenant, limit: String(limit) }),
    exportTable,
  }
}

/** What commands ask for, as far as it can be done from afar. */
export interface RemoteCases extends Cases {
  /** A report to export, and the meters that have a column in every month. */
  exportTable(written: WrittenUsageQuery): Promise<ExportTable>
}

/** What an export is made of. */
export interface ExportTable {
  readonly report: UsageReport
  readonly meter_ids: readonly string[]
}

/** What looks at single calls, done by a control API. */
export function remoteEvidence(remote: RemoteControl) {
  const client = new ControlClient(remote)
  return {
    why: (id: string) => client.raw('why', { id }),
    latency: ({ month, from, to, by, tenant }: Parameters<EvidenceCases['latency']>[0]) =>
      client.call('usageLatency', { month, from, to, by, tenant }),
    refusals: (written: Parameters<EvidenceCases['refusals']>[0]) => {
      const { month, from, to, tenant } = written
      return client.raw('limitsHit', { month, from, to, tenant })
    },
    diffPlans: (plans: readonly Plan[]) => client.raw('diffPlans', { plans }),
    tailUsage: (written: Parameters<EvidenceCases['tailUsage']>[0]) => remoteTail(client, written),
    [Symbol.asyncDispose]: async () => {},
  }
}

/** What proves the numbers, done by a control API. */
export function remoteProof(remote: RemoteControl) {
  const client = new ControlClient(remote)
  return {
    reconcile: ({ month, from, to, tz, tenant }: WrittenUsageQuery) =>
      client.raw('reconcile', { month, from, to, tz, tenant }),
    leaks: ({ month, from, to, tenant, kind }: AskedLeaks) =>
      client.raw('usageLeaks', { month, from, to, tenant, kind }),
    eachLeak: async ({ month, from, to, tenant, kind }: AskedLeaks, each: Visit<LeakedUsage>) =>
      visitLines(await client.stream('leakedEvents', { month, from, to, tenant, kind }), each),
    explain: (written: AskedFigure) => client.raw('explainUsage', figureInput(written)),
    eachBehind: async (written: AskedFigure, each: Visit<ExplainedEvent>) =>
      visitLines(await client.stream('explainEvents', figureInput(written)), each),
    trail: (id: string) => client.raw('eventTrail', { event: id }),
    voidEvent: ({ event, reason }: Omit<VoidRequest, 'actor'>) => client.raw('voidEvent', { event, reason }),
    [Symbol.asyncDispose]: async () => {},
  }
}

function figureInput({ month, from, to, tenant, key, route, meter, line, csv }: AskedFigure): object {
  const place = line && { invoice: line.invoice, line: line.line }
  const row = csv && { file: csv.file, line: csv.line, text: csv.text }
  return { month, from, to, tenant, key, route, meter, line: place, csv: row }
}

/** What brings usage in, done by a control API. */
export function remoteIntake(remote: RemoteControl) {
  const client = new ControlClient(remote)
  return {
    ingestFile: async (file: string, { fromLine, signal }: RemoteRun) =>
      client.raw('ingestEvents', { from_line: String(fromLine) }, { body: await fileBody(file), signal }),
    importLog: async (file: string, { source, dryRun, signal }: RemoteImport) =>
      client.raw('importUsage', { source, dry_run: String(dryRun) }, { body: await fileBody(file), signal }),
    retryUnattributed: () => client.raw('retryUnattributed', {}),
    [Symbol.asyncDispose]: async () => {},
  }
}

interface RemoteRun {
  readonly fromLine: number
  readonly signal: AbortSignal
}

interface RemoteImport extends RemoteRun {
  readonly source: string
  readonly dryRun: boolean
}

/**
 * `part` as if it were the whole: what it lacks says that it is done where the stores are.
 *
 * So a command that has no way through the control API yet fails in words.
 */
export function orLocalOnly<Whole extends object>(part: Partial<Whole>): Whole {
  return new Proxy(Object.create(null), {
    get: (_, name) => {
      const known = Reflect.get(part, name)
      if (known !== undefined || typeof name === 'symbol' || name === 'then') return known
      throw new GatezError(
        'local-only',
        `This command needs the stores themselves (${name}), and GATEZ_URL is set.`,
      )
    },
  })
}

function tenantCases(client: ControlClient) {
  return {
    createTenant: ({ id, name, externalId, planId, trialDays, customer }) =>
      client.call('createTenant', {
        ...{ id, name, external_id: externalId, plan: planId, trial_days: trialDays },
        customer: customerToSend(customer),
      }),
    listTenants: () => client.all('listTenants', {}),
    showTenant: (request) => client.call('showTenant', request),
    suspendTenant: (request) => client.call('suspendTenant', request),
    resumeTenant: (request) => client.call('resumeTenant', request),
    changePlan: ({ tenant, planId, at, trialDays }) =>
      client.call('changePlan', { tenant, plan: planId, at, trial_days: trialDays }),
    cancelPlan: (request) => client.call('cancelPlan', request),
    tenantBlockers: (request) => client.call('tenantBlockers', request),
    deleteTenant: ({ tenant, force }) =>
      client.call('deleteTenant', { tenant, force: force ? 'true' : 'false' }),
    overrideTenant: ({ limits, quotas, features, prices, unset, customer, spendCap, ...request }) =>
      client.raw('overrideTenant', {
        ...{ ...request, limits, quotas, features, prices, unset },
        ...{ spend_cap: spendCap, customer: customerToSend(customer) },
      }),
    inviteMember: (request) => client.raw('inviteMember', request),
    listMembers: (request) => client.all('listMembers', request),
    showMember: (request) => client.call('showMember', request),
    resetMember: (request) => client.call('resetMember', request),
    removeMember: (request) => client.call('removeMember', request),
  } satisfies Partial<Cases>
}

function keyCases(client: ControlClient) {
  return {
    createKey: ({ scope, ...request }) => client.call('createKey', { ...request, ...scope }),
    requestKey: ({ scope, ...request }) => client.call('requestKey', { ...request, ...scope }),
    listKeys: (request) => client.all('listKeys', request),
    showKey: ({ keyId }) => client.raw('showKey', { key: keyId }),
    approveKeys: async ({ keyIds }) => (await client.call('approveKeys', { keys: [...keyIds] })).data,
    rejectKeys: async ({ keyIds, reason }) =>
      (await client.call('rejectKeys', { keys: [...keyIds], reason })).data,
    revealKeys: async ({ keyIds }) => (await client.call('revealKeys', { keys: [...keyIds] })).data,
    revokeKeys: async ({ keyIds, reason }) =>
      (await client.call('revokeKeys', { keys: [...keyIds], reason })).data,
    rotateKey: ({ keyId, overlap, expires }) => client.raw('rotateKey', { key: keyId, overlap, expires }),
    verifyKey: ({ secret, route, ip }) => client.call('inspectKey', { key: secret, route, ip }),
    importKeys: ({ text, dryRun }) => client.call('importKeys', { text, dry_run: dryRun }),
  } satisfies Partial<Cases>
}

async function tableOf(client: ControlClient, written: WrittenUsageQuery): Promise<ExportTable> {
  const { month, from, to, tz, by, meters, tenant } = written
  return client.raw('usageTable', { month, from, to, tz, by, meters, tenant })
}

/** Flags that were not given must not hide what they would say. */
function defined(written: WrittenUsageQuery): WrittenUsageQuery {
  return Object.fromEntries(Object.entries(written).filter(([, value]) => value !== undefined))
}

async function* remoteTail(
  client: ControlClient,
  { last, follow, tenant, route, status, parts, signal }: Parameters<EvidenceCases['tailUsage']>[0],
): AsyncGenerator<readonly UsageEvent[]> {
  const input = { tenant, route, status, parts, last: String(last), follow: String(follow) }
  try {
    const response = await client.stream('tailUsage', input, { signal })
    for await (const lines of linesOf(response)) yield lines.map((line) => readEventView(JSON.parse(line)))
  } catch (error) {
    // Whoever watched has seen enough.
    if (!signal.aborted) throw error
  }
}

async function fileBody(file: string): Promise<ReadableStream<Uint8Array>> {
  const found = file === '-' ? undefined : await stat(file).catch(() => undefined)
  if (file !== '-' && (found === undefined || found.isDirectory()))
    throw new GatezError('not-found', `There is no file ${JSON.stringify(file)}.`)
  const pieces = file === '-' ? process.stdin : createReadStream(file)
  return ReadableStream.from(Readable.from(pieces))
}

/** What invoices say of a customer, as it is sent. */
function customerToSend(customer: WrittenCustomer | undefined) {
  if (customer === undefined) return undefined
  const { address, taxId, taxExempt } = customer
  return { address: address === undefined ? undefined : [...address], tax_id: taxId, tax_exempt: taxExempt }
}
