import type { Writable } from 'node:stream'
import { findTenant } from './access/find-tenant.ts'
import { openApp } from './app.ts'
import { exportInvoices, type InvoicesExport, writeBytes } from './billing/export/export-invoices.ts'
import { askedPeriod, refuseOpen, type WrittenPeriod } from './billing/invoice/asked-period.ts'
import { billableRule } from './billing/invoice/billable-rule.ts'
import { type CreditRequest, creditInvoice } from './billing/invoice/credit-invoice.ts'
import { duePeriods } from './billing/invoice/due-periods.ts'
import { findInvoice } from './billing/invoice/find-invoice.ts'
import { parseMonthSpan } from './billing/invoice/list-span.ts'
import { type PayRequest, payInvoice } from './billing/invoice/pay-invoice.ts'
import { previewInvoice } from './billing/invoice/preview-invoice.ts'
import { type InvoiceRun, type InvoicingParts, runInvoices } from './billing/invoice/run-invoices.ts'
import { sendDraft } from './billing/invoice/send-draft.ts'
import { untilShipped } from './billing/invoice/shipped.ts'
import { type VoidRequest, voidInvoice } from './billing/invoice/void-invoice.ts'
import { type InvoiceFormat, renderInvoice } from './billing/render/render-invoice.ts'
import type { Config } from './config/config.ts'
import { failPointFromEnvironment, processEnvironment } from './config/environment.ts'
import type { Clock } from './lib/clock.ts'
import { armFailPoint } from './lib/fail-point.ts'
import { usageTenantId } from './metering/usage-tenant.ts'
import { heldPlan } from './model/billing-calendar.ts'
import type { Invoice, InvoiceState } from './model/invoice.ts'
import type { ControlStore } from './storage/ports/control-store.ts'

/** What commands about invoices need: the app, and the use cases of billing. Dispose it when done. */
export async function openInvoicing(configFile: string) {
  armFailPoint(failPointFromEnvironment(processEnvironment()))
  const app = await openApp(configFile)
  const { config, store, clock, actor } = app
  const parts = invoicingParts({ config, store, clock })
  const access = { store, clock }
  return {
    config,
    store,
    clock,
    actor,
    runInvoices: (request: AskedRun) => runAsked(parts, config, { ...request, actor }),
    previewInvoice: async (tenant: string) => previewInvoice(parts, (await findTenant(store, tenant)).id),
    listInvoices: (asked: AskedList) => listAsked(store, asked, config),
    findInvoice: (idOrNumber: string) => findInvoice(store, idOrNumber),
    entriesOf: ({ id }: Invoice) => store.invoices.entries(id),
    payInvoice: (request: Omit<PayRequest, 'actor'>) => payInvoice(access, { ...request, actor }),
    creditInvoice: (request: Omit<CreditRequest, 'actor'>) => creditInvoice(access, { ...request, actor }),
    voidInvoice: (request: Omit<VoidRequest, 'actor'>) => voidInvoice(access, { ...request, actor }),
    writeInvoice: async (invoice: Invoice, { format, to }: AskedForm) => {
      if (to === null) return
      const entries = await store.invoices.entries(invoice.id)
      await writeBytes(to, await renderInvoice(invoice, entries, { format, look: config.invoicing }))
    },
    exportInvoices: async (asked: AskedList, how: Pick<InvoicesExport, 'format' | 'to'>) => {
      const invoices = await listAsked(store, asked, config)
      const entriesOf = ({ id }: Invoice) => store.invoices.entries(id)
      await exportInvoices(invoices, { ...how, look: config.invoicing, entriesOf })
      return invoices
    },
    sendDraft: (invoice: string) => sendDraft(parts, { invoice, actor }),
    [Symbol.asyncDispose]: () => app[Symbol.asyncDispose](),
  }
}

/** What making invoices needs, of the configuration. */
export function invoicingParts({ config, store, clock }: InvoicingSources): InvoicingParts {
  const { billing, invoicing, meters } = config
  return { store, clock, billing, invoicing, billable: billableRule(meters) }
}

interface InvoicingSources {
  readonly config: Pick<Config, 'billing' | 'invoicing' | 'meters'>
  readonly store: ControlStore
  readonly clock: Clock
}

/** Which invoices to make: those that are due if no period is named. */
export interface AskedRun extends WrittenPeriod {
  /** Id or external id. */
  readonly tenant?: string | undefined
  readonly review: boolean
  readonly onProgress?: ((done: number, total: number) => void) | undefined
}

export interface AskedList {
  readonly tenant?: string | undefined
  readonly month?: string | undefined
  readonly state?: InvoiceState | undefined
}

/** In which form an invoice is wanted, and where. */
export interface AskedForm {
  readonly format: InvoiceFormat
  /** Path of a file, or a stream; null writes nothing. */
  readonly to: string | Writable | null
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
  { tenant, month, on, ...request }: AskedRun & { readonly actor: string },
): Promise<readonly InvoiceRun[]> {
  const { store, clock, billing, invoicing } = parts
  const nowMs = clock.nowMs()
  const tenantId = tenant === undefined ? undefined : await usageTenantId(store.tenants, tenant)
  const isNamed = month !== undefined || on !== undefined
  const { closeAfterMs } = invoicing
  const periods = isNamed
    ? [askedPeriod({ month, on, anchorMs: await anchorOf(store, tenantId) }, billing, nowMs)]
    : await duePeriods(store, { billing, closeAfterMs, nowMs })
  for (const period of periods) refuseOpen(period, closeAfterMs, nowMs)
  const closedMs = Math.max(...periods.map(({ endMs }) => endMs + closeAfterMs))
  if (periods.length > 0) await untilShipped(store, config, { closedMs, nowMs })
  const runs: InvoiceRun[] = []
  for (const period of periods) runs.push(await runInvoices(parts, { ...request, period, tenantId }))
  return runs
}

/** Since when a tenant has had a plan: its periods may be counted from there. */
async function anchorOf(
  { subscriptions }: ControlStore,
  tenantId: string | undefined,
): Promise<number | null> {
  if (tenantId === undefined) return null
  return heldPlan((await subscriptions.list(tenantId)).at(-1)).anchorMs
}
