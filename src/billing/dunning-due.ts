import type { DunningStep } from '../config/invoice-config.ts'
import type { Invoice } from '../model/invoice.ts'
import type { InvoiceStore } from '../storage/ports/invoices.ts'

const DAY_MS = 86_400_000

/** Whether there is an invoice that `dun` would do something about. */
export async function hasDunning(invoices: Invoices, now: DunningTime): Promise<boolean> {
  const late = await invoices.list({ states: ['open', 'overdue'], dueBeforeMs: now.nowMs + 1 })
  for (const invoice of late) {
    if (await hasStep(invoices, invoice, now)) return true
  }
  return false
}

/** Whether a late invoice has a step to be taken: to be marked overdue is one. */
export async function hasStep(
  invoices: Invoices,
  invoice: Invoice,
  { steps, nowMs }: DunningTime,
): Promise<boolean> {
  if (invoice.state === 'open') return true
  const due = steps.filter((step) => dunningStepMs(invoice, step, nowMs) <= nowMs)
  if (due.length === 0) return false
  const taken = new Set((await invoices.entries(invoice.id)).map(({ key }) => key))
  return due.some((step) => !taken.has(dunningStepKey(step)))
}

/** When a step is due. */
export function dunningStepMs({ dueAtMs }: Invoice, { afterDays }: DunningStep, nowMs: number): number {
  return (dueAtMs ?? nowMs) + afterDays * DAY_MS
}

/** A step is taken once for an invoice, by this name. */
export function dunningStepKey({ action, afterDays }: DunningStep): string {
  return `dunning:${action}:${afterDays}`
}

/** The steps of the file, in the order of their days, and the time. */
export interface DunningTime {
  readonly steps: readonly DunningStep[]
  readonly nowMs: number
}

type Invoices = Pick<InvoiceStore, 'list' | 'entries'>
