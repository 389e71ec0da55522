import type { Kysely } from 'kysely'
import type { BillingPeriodRow, Invoice, InvoiceContent, InvoiceEntry } from '../../model/invoice.ts'
import type { InvoiceFilter, InvoiceStore } from '../ports/invoices.ts'
import { chunksOf } from './chunks.ts'
import type { InvoiceEntryRow, InvoiceRow } from './invoice-rows.ts'
import type { ControlSchema } from './schema.ts'

/** Invoices in SQL: one row each, with what they say as JSON. */
export class SqlInvoiceStore implements InvoiceStore {
  readonly #db: Kysely<ControlSchema>

  constructor(db: Kysely<ControlSchema>) {
    this.#db = db
  }

  async insert(invoices: readonly Invoice[]): Promise<void> {
    for (const chunk of chunksOf(invoices, 64)) {
      await this.#db.insertInto('invoices').values(chunk.map(toRow)).execute()
    }
  }

  async find(idOrNumber: string): Promise<Invoice | undefined> {
    const row = await this.#db
      .selectFrom('invoices')
      .selectAll()
      .where((eb) => eb.or([eb('id', '=', idOrNumber), eb('number', '=', idOrNumber)]))
      .executeTakeFirst()
    return row === undefined ? undefined : toInvoice(row)
  }

  async list({ tenantId, states, within, dueBeforeMs }: InvoiceFilter): Promise<readonly Invoice[]> {
    let query = this.#db.selectFrom('invoices').selectAll()
    if (tenantId !== undefined) query = query.where('tenant_id', '=', tenantId)
    if (states !== undefined) query = query.where('state', 'in', states)
    if (dueBeforeMs !== undefined) query = query.where('due_at_ms', '<', dueBeforeMs)
    if (within !== undefined) {
      query = query.where('period_start_ms', '>=', within.startMs).where('period_start_ms', '<', within.endMs)
    }
    const rows = await query.orderBy('period_start_ms').orderBy('tenant_id').orderBy('attempt').execute()
    return rows.map(toInvoice)
  }

  async known(ids: readonly string[]): Promise<ReadonlySet<string>> {
    const found = new Set<string>()
    for (const chunk of chunksOf(ids, 64)) {
      const rows = await this.#db.selectFrom('invoices').select('id').where('id', 'in', chunk).execute()
      for (const { id } of rows) found.add(id)
    }
    return found
  }

  async update(invoice: Invoice): Promise<void> {
    const { number, state, issued_at_ms, due_at_ms, credited, paid } = toRow(invoice)
    await this.#db
      .updateTable('invoices')
      .set({ number, state, issued_at_ms, due_at_ms, credited, paid })
      .where('id', '=', invoice.id)
      .execute()
  }

  async takeNumbers(series: string, count: number): Promise<number> {
    const row = await this.#db
      .insertInto('number_series')
      .values({ series, last_number: count })
      .onConflict((conflict) =>
        conflict
          .column('series')
          .doUpdateSet((eb) => ({ last_number: eb('number_series.last_number', '+', count) })),
      )
      .returning('last_number')
      .executeTakeFirstOrThrow()
    return Number(row.last_number) - count + 1
  }

  async insertEntry(entry: InvoiceEntry): Promise<boolean> {
    const { numInsertedOrUpdatedRows } = await this.#db
      .insertInto('invoice_entries')
      .values(toEntryRow(entry))
      .onConflict((conflict) => conflict.columns(['invoice_id', 'entry_key']).doNothing())
      .executeTakeFirstOrThrow()
    return numInsertedOrUpdatedRows === 1n
  }

  async entries(invoiceId: string): Promise<readonly InvoiceEntry[]> {
    const rows = await this.#db
      .selectFrom('invoice_entries')
      .selectAll()
      .where('invoice_id', '=', invoiceId)
      .orderBy('sequence')
      .execute()
    return rows.map(toEntry)
  }

  async entriesOf(invoiceIds: readonly string[]): Promise<readonly InvoiceEntry[]> {
    const found: (Omit<InvoiceEntryRow, 'sequence'> & { readonly sequence: number })[] = []
    for (const chunk of chunksOf(invoiceIds, 64)) {
      const query = this.#db.selectFrom('invoice_entries').selectAll().where('invoice_id', 'in', chunk)
      found.push(...(await query.execute()))
    }
    return found.toSorted((one, other) => Number(one.sequence) - Number(other.sequence)).map(toEntry)
  }

  async creditOf(tenantId: string, currency: string): Promise<bigint> {
    const rows = await this.#db
      .selectFrom('invoice_entries')
      .select('credit')
      .where('tenant_id', '=', tenantId)
      .where('currency', '=', currency)
      .where('credit', '<>', '0')
      .execute()
    return rows.reduce((sum, { credit }) => sum + BigInt(credit), 0n)
  }

  async credits(currency: string): Promise<ReadonlyMap<string, bigint>> {
    const rows = await this.#db
      .selectFrom('invoice_entries')
      .select(['tenant_id', 'credit'])
      .where('currency', '=', currency)
      .where('credit', '<>', '0')
      .execute()
    const credits = new Map<string, bigint>()
    for (const { tenant_id: tenantId, credit } of rows) {
      credits.set(tenantId, (credits.get(tenantId) ?? 0n) + BigInt(credit))
    }
    return credits
  }

  async closedPeriods(): Promise<readonly BillingPeriodRow[]> {
    const rows = await this.#db
      .selectFrom('billing_periods')
      .selectAll()
      .orderBy('start_ms')
      .orderBy('end_ms')
      .execute()
    return rows.map((row) => ({
      startMs: row.start_ms,
      endMs: row.end_ms,
      closedAtMs: row.closed_at_ms,
      seals: row.seals,
    }))
  }

  async closePeriod({ startMs, endMs, closedAtMs, seals }: BillingPeriodRow): Promise<void> {
    await this.#db
      .insertInto('billing_periods')
      .values({ start_ms: startMs, end_ms: endMs, closed_at_ms: closedAtMs, seals })
      .onConflict((conflict) => conflict.columns(['start_ms', 'end_ms']).doUpdateSet({ seals }))
      .execute()
  }
}

function toRow(invoice: Invoice): InvoiceRow {
  return {
    id: invoice.id,
    number: invoice.number,
    state: invoice.state,
    tenant_id: invoice.tenantId,
    period_start_ms: invoice.period.startMs,
    period_end_ms: invoice.period.endMs,
    attempt: invoice.attempt,
    currency: invoice.currency,
    created_at_ms: invoice.createdAtMs,
    issued_at_ms: invoice.issuedAtMs,
    due_at_ms: invoice.dueAtMs,
    total: String(invoice.totalMinor),
    credited: String(invoice.creditedMinor),
    paid: String(invoice.paidMinor),
    content: JSON.stringify(invoice.content),
  }
}

function toInvoice(row: InvoiceRow): Invoice {
  const content: InvoiceContent = JSON.parse(row.content)
  return {
    id: row.id,
    number: row.number,
    state: row.state,
    tenantId: row.tenant_id,
    period: { startMs: row.period_start_ms, endMs: row.period_end_ms },
    attempt: row.attempt,
    currency: row.currency,
    createdAtMs: row.created_at_ms,
    issuedAtMs: row.issued_at_ms,
    dueAtMs: row.due_at_ms,
    totalMinor: BigInt(row.total),
    creditedMinor: BigInt(row.credited),
    paidMinor: BigInt(row.paid),
    content,
  }
}

function toEntryRow(entry: InvoiceEntry): Omit<InvoiceEntryRow, 'sequence'> {
  return {
    invoice_id: entry.invoiceId,
    tenant_id: entry.tenantId,
    currency: entry.currency,
    at_ms: entry.atMs,
    kind: entry.kind,
    entry_key: entry.key,
    amount: String(entry.amountMinor),
    credit: String(entry.creditMinor),
    actor: entry.actor,
    detail: JSON.stringify(entry.detail),
  }
}

function toEntry(row: Omit<InvoiceEntryRow, 'sequence'>): InvoiceEntry {
  const detail: Readonly<Record<string, string>> = JSON.parse(row.detail)
  return {
    invoiceId: row.invoice_id,
    tenantId: row.tenant_id,
    currency: row.currency,
    atMs: row.at_ms,
    kind: row.kind,
    key: row.entry_key,
    amountMinor: BigInt(row.amount),
    creditMinor: BigInt(row.credit),
    actor: row.actor,
    detail,
  }
}
