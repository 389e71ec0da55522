import { hash } from 'node:crypto'
import { record } from '../access/access.ts'
import type { DunningStep } from '../config/invoice-config.ts'
import type { Clock } from '../lib/clock.ts'
import type { Invoice } from '../model/invoice.ts'
import type { ControlStore, ControlTables } from '../storage/ports/control-store.ts'
import { dunningStepKey, dunningStepMs, hasStep } from './dunning-due.ts'
import { findInvoice } from './invoice/find-invoice.ts'
import { dueOf } from './invoice/invoice-view.ts'
import { entryOf } from './invoice/pay-invoice.ts'
import { INVOICE_REMINDER } from './message-kinds.ts'

/**
 * Goes after invoices that were not paid in time: marks them overdue, then takes the steps that are due, in order.
 *
 * Each step is taken once and written down as an entry of the invoice, in the transaction that does it. A step that came
 * due while nothing ran is taken late, not left out.
 */
export async function dun({ store, clock, steps }: DunningParts): Promise<readonly DunningAct[]> {
  const nowMs = clock.nowMs()
  const late = await store.invoices.list({ states: ['open', 'overdue'], dueBeforeMs: nowMs + 1 })
  const acts: DunningAct[] = []
  for (const invoice of late) {
    const { id } = invoice
    // Most are waited for: without this each would take its turn at writing, every time.
    if (!(await hasStep(store.invoices, invoice, { steps, nowMs }))) continue
    acts.push(
      ...(await store.transaction(async (tables) => {
        const invoice = await findInvoice(tables, id)
        return isLate(invoice, nowMs) ? takeSteps(tables, invoice, { steps, nowMs }) : []
      })),
    )
  }
  return acts
}

export interface DunningParts {
  readonly store: ControlStore
  readonly clock: Clock
  /** In the order of their days. */
  readonly steps: readonly DunningStep[]
}

/** What was done about an invoice. */
export interface DunningAct {
  readonly invoice: string
  readonly tenantId: string
  readonly action: 'overdue' | DunningStep['action']
}

const ACTOR = 'gatez'

function isLate({ state, dueAtMs }: Invoice, nowMs: number): boolean {
  return (state === 'open' || state === 'overdue') && dueAtMs !== null && dueAtMs <= nowMs
}

async function takeSteps(
  tables: ControlTables,
  late: Invoice,
  { steps, nowMs }: { readonly steps: readonly DunningStep[]; readonly nowMs: number },
): Promise<readonly DunningAct[]> {
  const acts: DunningAct[] = []
  const act = (action: DunningAct['action']) =>
    acts.push({ invoice: late.number ?? late.id, tenantId: late.tenantId, action })
  let invoice = late
  if (invoice.state === 'open') {
    invoice = { ...invoice, state: 'overdue' }
    await tables.invoices.update(invoice)
    await note(tables, invoice, { kind: 'overdue', key: 'overdue', nowMs })
    act('overdue')
  }
  let lastReminder: number | undefined
  for (const { afterDays, action } of steps) {
    if (dunningStepMs(invoice, { afterDays, action }, nowMs) > nowMs) break
    const kind = KINDS[action]
    if (
      !(await note(tables, invoice, { kind, key: dunningStepKey({ action, afterDays }), nowMs, afterDays }))
    )
      continue
    act(action)
    if (action === 'remind') lastReminder = afterDays
    else if (action === 'suspend') await suspend(tables, invoice, nowMs)
    else {
      invoice = { ...invoice, state: 'uncollectible' }
      await tables.invoices.update(invoice)
      break
    }
  }
  // Reminders that come due together are one mail.
  if (lastReminder !== undefined) await remind(tables, invoice, { nowMs, afterDays: lastReminder })
  return acts
}

const KINDS = { remind: 'reminded', suspend: 'suspended', uncollectible: 'uncollectible' } as const

async function note(
  tables: ControlTables,
  invoice: Invoice,
  what: {
    readonly kind: 'overdue' | (typeof KINDS)[DunningStep['action']]
    readonly key: string
    readonly nowMs: number
    readonly afterDays?: number
  },
): Promise<boolean> {
  const { kind, key, nowMs, afterDays } = what
  return tables.invoices.insertEntry({
    ...entryOf(invoice, nowMs, ACTOR),
    ...{ kind, key, amountMinor: dueOf(invoice), creditMinor: 0n },
    detail: afterDays === undefined ? {} : { after_days: String(afterDays) },
  })
}

async function remind(
  tables: ControlTables,
  { id, tenantId, number }: Invoice,
  { nowMs, afterDays }: { readonly nowMs: number; readonly afterDays: number },
): Promise<void> {
  await tables.outbox.insert({
    id: `msg_${hash('sha256', `reminder\n${id}\n${afterDays}`).slice(0, 20)}`,
    kind: INVOICE_REMINDER,
    body: { invoice_id: id, tenant_id: tenantId, number, after_days: afterDays },
    createdAtMs: nowMs,
  })
}

async function suspend(tables: ControlTables, { tenantId, number }: Invoice, nowMs: number): Promise<void> {
  await tables.tenants.lock(tenantId)
  const tenant = await tables.tenants.find(tenantId)
  // Money owed goes before a cap, whose end would let the tenant on.
  if (tenant?.state !== 'active' && tenant?.state !== 'capped') return
  await tables.tenants.setState(tenantId, 'unpaid')
  const subject = `tenant:${tenantId}`
  const detail = { reason: `invoice ${number} is not paid` }
  await record(tables, { atMs: nowMs, actor: ACTOR, action: 'tenant.suspended', subject, detail })
}
