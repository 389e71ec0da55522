import type { DunningStep } from '../config/invoice-config.ts'
import type { Clock } from '../lib/clock.ts'
import { isoTime } from '../lib/iso-time.ts'
import type { Invoice } from '../model/invoice.ts'
import type { TenantState } from '../model/tenant.ts'
import type { ControlStore } from '../storage/ports/control-store.ts'
import { dunningStepKey } from './dunning-due.ts'
import { type InvoiceRowView, viewInvoiceRow } from './invoice/invoice-view.ts'

/** Invoices that are past their day, with what was done about each and what comes next: the oldest debt first. */
export async function listDunning(
  { store, clock, steps }: ListDunningParts,
  { tenantId }: { readonly tenantId?: string | undefined },
): Promise<DunningList> {
  const nowMs = clock.nowMs()
  const late = await store.invoices.list({
    tenantId,
    states: ['open', 'overdue', 'uncollectible'],
    dueBeforeMs: nowMs + 1,
  })
  const rows: DunnedInvoice[] = []
  for (const invoice of late.toSorted((one, other) => (one.dueAtMs ?? 0) - (other.dueAtMs ?? 0))) {
    const tenant = await store.tenants.find(invoice.tenantId)
    rows.push({
      ...viewInvoiceRow(invoice),
      tenant_state: tenant?.state ?? 'deleted',
      days_late: Math.floor((nowMs - (invoice.dueAtMs ?? nowMs)) / DAY_MS),
      steps: await stepsOf(store, invoice, steps),
    })
  }
  return { rows }
}

export interface ListDunningParts {
  readonly store: Pick<ControlStore, 'invoices' | 'tenants'>
  readonly clock: Clock
  /** In the order of their days. */
  readonly steps: readonly DunningStep[]
}

/** What is gone after; the names are stable. */
export interface DunningList {
  readonly rows: readonly DunnedInvoice[]
}

/** An invoice that was not paid in time; the names are stable. */
export interface DunnedInvoice extends InvoiceRowView {
  readonly tenant_state: TenantState
  /** Whole days since it was due. */
  readonly days_late: number
  readonly steps: readonly DunningStepView[]
}

export interface DunningStepView {
  readonly action: DunningStep['action']
  readonly after_days: number
  /** When it is taken, or should have been. */
  readonly due_at: string
  /** null until it was. */
  readonly taken_at: string | null
}

const DAY_MS = 86_400_000

async function stepsOf(
  { invoices }: Pick<ControlStore, 'invoices'>,
  { id, dueAtMs }: Invoice,
  steps: readonly DunningStep[],
): Promise<readonly DunningStepView[]> {
  const taken = new Map((await invoices.entries(id)).map(({ key, atMs }) => [key, atMs]))
  return steps.map((step) => {
    const atMs = taken.get(dunningStepKey(step))
    return {
      action: step.action,
      after_days: step.afterDays,
      due_at: isoTime((dueAtMs ?? 0) + step.afterDays * DAY_MS),
      taken_at: atMs === undefined ? null : isoTime(atMs),
    }
  })
}
