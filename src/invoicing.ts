import { findTenant } from './access/find-tenant.ts'
import { type App, openApp } from './app.ts'
import { exportInvoices, writeBytes } from './billing/export/export-invoices.ts'
import { additiveMeters } from './billing/forecast.ts'
import { type AskedOf, askedPeriod, refuseOpen } from './billing/invoice/asked-period.ts'
import { billableRule } from './billing/invoice/billable-rule.ts'
import { creditInvoice } from './billing/invoice/credit-invoice.ts'
import { duePeriods } from './billing/invoice/due-periods.ts'
import { findInvoice } from './billing/invoice/find-invoice.ts'
import { viewInvoice, viewInvoiceRow } from './billing/invoice/invoice-view.ts'
import { parseMonthSpan } from './billing/invoice/list-span.ts'
import { payInvoice } from './billing/invoice/pay-invoice.ts'
import { previewInvoice } from './billing/invoice/preview-invoice.ts'
import { type InvoiceRun, type InvoicingParts, runInvoices } from './billing/invoice/run-invoices.ts'
import { sendDraft } from './billing/invoice/send-draft.ts'
import { untilShipped } from './billing/invoice/shipped.ts'
import { voidInvoice } from './billing/invoice/void-invoice.ts'
import { listDunning } from './billing/list-dunning.ts'
import { renderInvoice } from './billing/render/render-invoice.ts'
import { revenue } from './billing/revenue.ts'
import type { Config } from './config/config.ts'
import { failPointFromEnvironment, processEnvironment, remoteFromEnvironment } from './config/environment.ts'
import type { AskedList, AskedRun, DeskCases, InvoicesMade } from './control/desk-cases.ts'
import { remoteDesk } from './control/remote-desk.ts'
import type { Clock } from './lib/clock.ts'
import { armFailPoint } from './lib/fail-point.ts'
import { mailboxOn } from './mailbox.ts'
import { usageTenantId } from './metering/usage-tenant.ts'
import type { Invoice } from './model/invoice.ts'
import type { ControlStore } from './storage/ports/control-store.ts'
import { usageFileCases } from './usage-file-cases.ts'

/** What commands about invoices need: the use cases of billing, here or at a control API. Dispose it when done. */
export async function openInvoicing(configFile: string): Promise<DeskCases & AsyncDisposable> {
  const env = processEnvironment()
  const remote = remoteFromEnvironment(env, configFile)
  if (remote !== undefined) return remoteDesk(remote)
  armFailPoint(failPointFromEnvironment(env))
  const app = await openApp(configFile)
  return { ...deskOn(app), [Symbol.asyncDispose]: () => app[Symbol.asyncDispose]() }
}

/** The same on stores that are open. */
export function deskOn({
  config,
  store,
  clock,
  actor,
}: Pick<App, 'config' | 'store' | 'clock' | 'actor'>): DeskCases {
  const parts = invoicingParts({ config, store, clock })
  const access = { store, clock }
  const entriesOf = ({ id }: Invoice) => store.invoices.entries(id)
  const tenantIdOf = async (tenant: string | undefined) =>
    tenant === undefined ? undefined : usageTenantId(store.tenants, tenant)
  return {
    runInvoices: (asked) => runAsked(parts, config, { ...asked, actor }),
    previewInvoice: async (tenant) =>
      viewInvoice(await previewInvoice(parts, (await findTenant(store, tenant)).id), []),
    listInvoices: async (asked) => (await listAsked(store, asked, config)).map(viewInvoiceRow),
    showInvoice: async (name) => {
      const invoice = await findInvoice(store, name)
      return viewInvoice(invoice, await entriesOf(invoice))
    },
    writeInvoice: async (name, { format, to }) => {
      if (to === null) return
      const invoice = await findInvoice(store, name)
      const entries = await entriesOf(invoice)
      await writeBytes(to, await renderInvoice(invoice, entries, { format, look: config.invoicing }))
    },
    exportInvoices: async (asked, how) => {
      const invoices = await listAsked(store, asked, config)
      await exportInvoices(invoices, { ...how, look: config.invoicing, entriesOf })
      return invoices.map(viewInvoiceRow)
    },
    payInvoice: async (request) => {
      const { invoice, isNew } = await payInvoice(access, { ...request, actor })
      return { ...viewInvoiceRow(invoice), new: isNew }
    },
    creditInvoice: async (request) => {
      const { number, amount, tax, invoice } = await creditInvoice(access, { ...request, actor })
      return { number, amount, tax, invoice: viewInvoiceRow(invoice) }
    },
    voidInvoice: async (request) => viewInvoiceRow(await voidInvoice(access, { ...request, actor })),
    sendInvoice: async (invoice) => viewInvoiceRow(await sendDraft(parts, { invoice, actor })),
    revenue: async ({ tenant }) => {
      const { billing, meters } = config
      const isAdditive = additiveMeters(meters)
      return revenue({ ...access, billing, isAdditive }, { tenantId: await tenantIdOf(tenant) })
    },
    dunning: async ({ tenant }) =>
      listDunning({ ...access, steps: config.invoicing.dunning }, { tenantId: await tenantIdOf(tenant) }),
    ...mailboxOn({ config, store }),
    ...usageFileCases({ config, store, clock }),
  }
}

/** What making invoices needs, of the configuration. */
function invoicingParts({ config, store, clock }: InvoicingSources): InvoicingParts {
  const { billing, invoicing, meters } = config
  return { store, clock, billing, invoicing, billable: billableRule(meters) }
}

interface InvoicingSources {
  readonly config: Pick<Config, 'billing' | 'invoicing' | 'meters'>
  readonly store: ControlStore
  readonly clock: Clock
}

async function listAsked(
  store: ControlStore,
  { tenant, month, state }: AskedList,
  { billing }: Pick<Config, 'billing'>,
): Promise<readonly Invoice[]> {
  const tenantId = tenant === undefined ? undefined : await usageTenantId(store.tenants, tenant)
  const within = month === undefined ? undefined : parseMonthSpan(month, billing.timezone)
  return store.invoices.list({ tenantId, within, states: state === undefined ? undefined : [state] })
}

async function runAsked(
  parts: InvoicingParts,
  config: Config,
  { tenant, month, on, review, ...request }: AskedRun & { readonly actor: string },
): Promise<InvoicesMade> {
  const { store, clock, billing, invoicing } = parts
  const nowMs = clock.nowMs()
  const tenantId = tenant === undefined ? undefined : await usageTenantId(store.tenants, tenant)
  const isNamed = month !== undefined || on !== undefined
  const { closeAfterMs } = invoicing
  const periods = isNamed
    ? [askedPeriod({ month, on, ...(await periodsOf(store, tenantId)) }, billing, nowMs)]
    : await duePeriods(store, { billing, closeAfterMs, nowMs })
  for (const period of periods) refuseOpen(period, closeAfterMs, nowMs)
  const closedMs = Math.max(...periods.map(({ endMs }) => endMs + closeAfterMs))
  if (periods.length > 0) await untilShipped(store, config, { closedMs, nowMs })
  const isReview = review ?? invoicing.run === 'review'
  const runs: InvoiceRun[] = []
  for (const period of periods)
    runs.push(await runInvoices(parts, { ...request, review: isReview, period, tenantId }))
  return {
    made: runs.flatMap(({ made }) => made.map(viewInvoiceRow)),
    kept: runs.reduce((sum, { kept }) => sum + kept, 0),
    problems: runs.flatMap(({ problems }) =>
      problems.map((problem) => ({ tenant_id: problem.tenantId, why: problem.why })),
    ),
  }
}

/** What says which periods a tenant has; nothing where none is named. */
async function periodsOf(
  { subscriptions, invoices }: ControlStore,
  tenantId: string | undefined,
): Promise<Pick<AskedOf, 'held' | 'taken'>> {
  if (tenantId === undefined) return { held: [] }
  const taken = await invoices.list({ tenantId, states: ['void'] })
  return { held: await subscriptions.list(tenantId), taken: taken.map(({ period }) => period) }
}
