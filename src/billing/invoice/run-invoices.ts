import type { InvoiceConfig } from '../../config/invoice-config.ts'
import { GatezError } from '../../errors/gatez-error.ts'
import type { Clock } from '../../lib/clock.ts'
import { failPoint } from '../../lib/fail-point.ts'
import { PriceBook } from '../../metering/price-book.ts'
import type { BillingTerms } from '../../metering/usage-amounts.ts'
import type { Invoice, InvoiceEvidence } from '../../model/invoice.ts'
import { FAR_MS, type Period } from '../../model/period.ts'
import type { Tenant } from '../../model/tenant.ts'
import type { ControlStore } from '../../storage/ports/control-store.ts'
import { adjustLines, billedOf, lastAttempts } from './adjust-lines.ts'
import { type ChangedPeriod, changedPeriods } from './changed-periods.ts'
import { InvoicingLease } from './invoicing-lease.ts'
import { issueInvoices } from './issue-invoices.ts'
import { lateUsage } from './late-usage.ts'
import { lessBilled } from './less-billed.ts'
import { type InvoiceRules, makeInvoice } from './make-invoice.ts'
import { type DraftLine, makeLines } from './make-lines.ts'
import { OverridesRead } from './overrides-read.ts'
import { type ProvenBill, periodBills } from './period-bills.ts'
import { sealedPeriod } from './sealed-period.ts'

/**
 * Makes the invoices of one closed period: of all tenants, or of one.
 *
 * Doing it twice changes nothing: an invoice that is there is left alone, and what a killed run left undone the next one
 * does. Invoices are written in groups, each in one transaction with its numbers. What came late to earlier periods is
 * billed as adjustments on these. One process does it at a time; throws `invoices-running` else.
 */
export async function runInvoices(parts: InvoicingParts, request: RunRequest): Promise<InvoiceRun> {
  const { store, clock } = parts
  await using lease = await InvoicingLease.take(store, clock)
  failPoint('invoices-leased')
  return await new Run(parts, request, lease).make()
}

export interface InvoicingParts {
  readonly store: ControlStore
  readonly clock: Clock
  readonly billing: BillingTerms
  readonly invoicing: InvoiceConfig
  /** Says what counts for a meter. */
  readonly billable: (meter: string) => string
}

export interface RunRequest {
  /** A billing period that is over. */
  readonly period: Period
  /** The one tenant that is asked for; the period stays open for the others then. */
  readonly tenantId?: string | undefined
  /** Leaves drafts, to be looked at before they are sent. */
  readonly review: boolean
  readonly actor: string
  readonly onProgress?: ((done: number, total: number) => void) | undefined
}

export interface InvoiceRun {
  readonly period: Period
  /** Made by this run. */
  readonly made: readonly Invoice[]
  /** How many were there before. */
  readonly kept: number
  /** Tenants that get no invoice, because a price has no answer; the period stays open then. */
  readonly problems: readonly BillingProblem[]
}

export interface BillingProblem {
  readonly tenantId: string
  readonly why: string
}

interface DraftsFrom {
  readonly evidence: InvoiceEvidence
  /** Invoices of the period that are there. */
  readonly attempts: readonly Invoice[]
}

/** Invoices in one transaction: few enough that nobody waits for it. */
const GROUP = 256
/** More than a year, so that no quota is forgotten whose period may still run. */
const QUOTAS_KEPT_MS = 400 * 86_400_000
class Run {
  readonly #parts: InvoicingParts
  readonly #request: RunRequest
  readonly #lease: InvoicingLease
  readonly #rules: InvoiceRules
  readonly #tenants = new Map<string, Tenant>()
  readonly #overrides: OverridesRead
  readonly #prices: PriceBook
  readonly #problems = new Map<string, string>()

  constructor(parts: InvoicingParts, request: RunRequest, lease: InvoicingLease) {
    const { billing, invoicing, billable, store } = parts
    this.#parts = parts
    this.#request = request
    this.#lease = lease
    this.#rules = { currency: billing.currency, timezone: billing.timezone, invoicing, billable }
    this.#overrides = new OverridesRead(store.tenants)
    this.#prices = new PriceBook({
      plans: store.plans,
      tenants: this.#overrides,
    })
  }

  async make(): Promise<InvoiceRun> {
    const { store, billing } = this.#parts
    const { period, tenantId, onProgress } = this.#request
    const closed = await store.invoices.closedPeriods()
    const isClosed = closed.some(({ startMs, endMs }) => startMs === period.startMs && endMs === period.endMs)
    if (isClosed && tenantId === undefined) {
      return { period, made: [], kept: lastAttempts(await this.#attemptsOf(period)).length, problems: [] }
    }
    for (const tenant of await store.tenants.list()) this.#tenants.set(tenant.id, tenant)
    await this.#overrides.open()
    // Before the usage is read: what comes in meanwhile is looked at again the next time.
    const evidence = await sealedPeriod(store.ledger, period)
    // Read once: who takes an invoice back meanwhile has it made again by the next run, with all that is to be in it.
    const attempts = await this.#attemptsOf(period)
    const replaced = this.#replaced(attempts)
    const changed = await changedPeriods(store, { closed, before: period, replaced, billing })
    const lines = await this.#linesByTenant(changed, replaced)
    const drafts = await this.#drafts(lines, { evidence, attempts })

    const made: Invoice[] = []
    for (let start = 0; start < drafts.fresh.length; start += GROUP) {
      made.push(...(await this.#write(drafts.fresh.slice(start, start + GROUP))))
      failPoint('invoices-committed')
      onProgress?.(made.length, drafts.fresh.length)
    }
    const problems = [...this.#problems].map(([tenant, why]) => ({ tenantId: tenant, why }))
    if (tenantId === undefined && problems.length === 0) {
      await this.#close(evidence.seals, changed, drafts.kept === 0)
    }
    return { period, made, kept: drafts.kept, problems }
  }

  async #linesByTenant(
    changed: readonly ChangedPeriod[],
    replaced: readonly Invoice[],
  ): Promise<ReadonlyMap<string, readonly DraftLine[]>> {
    const { store, billing } = this.#parts
    const { period, tenantId } = this.#request
    const lines = new Map<string, DraftLine[]>()
    const others = { billed: await this.#billedByOthers(), place: billing }
    for (const proven of await periodBills(store, { period, tenantId, billing, prices: this.#prices })) {
      const make = async () => lessBilled(await makeLines(this.#prices, proven, billing), proven, others)
      append(lines, proven, await this.#priced(proven, make))
    }
    for (const earlier of changed) {
      const prices = this.#prices
      const { bills, against } = await lateUsage(store, {
        period: earlier,
        tenantId,
        billing,
        prices,
        replaced,
      })
      for (const proven of bills) {
        if (earlier.tenants?.has(proven.bill.tenantId) === false) continue
        append(lines, proven, await this.#priced(proven, () => adjustLines(prices, proven, against)))
      }
    }
    for (const unpriced of this.#problems.keys()) lines.delete(unpriced)
    return lines
  }

  /** What invoices of other periods have of this one. Only a closed one was adjusted, which is billed for a tenant by name. */
  async #billedByOthers(): Promise<ReturnType<typeof billedOf>> {
    const { period, tenantId } = this.#request
    if (tenantId === undefined) return new Map()
    const within = { startMs: period.endMs, endMs: FAR_MS }
    return billedOf(await this.#parts.store.invoices.list({ tenantId, within }), period)
  }

  /** One tenant whose usage has no price keeps no other from its invoice. */
  async #priced(
    { bill }: ProvenBill,
    price: () => Promise<readonly DraftLine[]>,
  ): Promise<readonly DraftLine[]> {
    try {
      return await price()
    } catch (error) {
      if (!(error instanceof GatezError) || error.code !== 'unpriced-usage') throw error
      this.#problems.set(bill.tenantId, error.message)
      return []
    }
  }

  /** The invoices that are still to be written, in the order of tenants. */
  async #drafts(
    lines: ReadonlyMap<string, readonly DraftLine[]>,
    { evidence, attempts }: DraftsFrom,
  ): Promise<{ readonly fresh: readonly Invoice[]; readonly kept: number }> {
    const { period } = this.#request
    const nowMs = this.#parts.clock.nowMs()
    const there = new Map(lastAttempts(attempts).map((invoice) => [invoice.tenantId, invoice]))
    const fresh: Invoice[] = []
    for (const tenantId of [...lines.keys()].sort()) {
      const before = there.get(tenantId)
      if (before !== undefined && !this.#mayReplace(before)) continue
      const tenant = this.#tenants.get(tenantId) ?? (await this.#parts.store.tenants.find(tenantId))
      const attempt = (before?.attempt ?? 0) + 1
      const tenantName = tenant?.name ?? tenantId
      fresh.push(
        makeInvoice(this.#rules, {
          ...{ tenantId, tenantName, customer: tenant?.customer, period, attempt, evidence, nowMs },
          lines: lines.get(tenantId) ?? [],
        }),
      )
    }
    return { fresh, kept: there.size }
  }

  /** A void invoice is made again only when its tenant is named. */
  #mayReplace({ state, tenantId }: Invoice): boolean {
    return state === 'void' && tenantId === this.#request.tenantId
  }

  /** All attempts that this run makes another one after. */
  #replaced(attempts: readonly Invoice[]): readonly Invoice[] {
    if (this.#request.tenantId === undefined) return []
    const [last] = lastAttempts(attempts)
    return last !== undefined && this.#mayReplace(last) ? attempts : []
  }

  async #write(drafts: readonly Invoice[]): Promise<readonly Invoice[]> {
    const { store, clock, billing } = this.#parts
    const { review, actor } = this.#request
    return store.transaction(async (tables) => {
      await this.#lease.keep(tables)
      if (review) {
        await tables.invoices.insert(drafts)
        return drafts
      }
      const credits = await tables.invoices.credits(billing.currency)
      return issueInvoices(tables, drafts, { nowMs: clock.nowMs(), isNew: true, credits, actor })
    })
  }

  /**
   * Closes the period. After a run that found invoices of an earlier, broken one, its usage is looked at once more by the
   * next run: between the two something may have come in.
   */
  async #close(seals: string, changed: readonly ChangedPeriod[], isFirst: boolean): Promise<void> {
    const { store, clock } = this.#parts
    const { period } = this.#request
    const closedAtMs = clock.nowMs()
    await store.transaction(async (tables) => {
      await this.#lease.keep(tables)
      await tables.invoices.closePeriod({ ...period, closedAtMs, seals: isFirst ? seals : '' })
      const settled = isFirst ? changed.filter(({ isForAll }) => isForAll) : []
      for (const earlier of settled) await tables.invoices.closePeriod(earlier)
      // Quotas of periods that are long over tell nobody anything any more.
      await tables.quotas.forget(period.startMs - QUOTAS_KEPT_MS)
      failPoint('invoices-closing')
    })
    failPoint('invoices-closed')
  }

  async #attemptsOf({ startMs, endMs }: Period): Promise<readonly Invoice[]> {
    const within = { startMs, endMs: startMs + 1 }
    const { tenantId } = this.#request
    const invoices = await this.#parts.store.invoices.list({ tenantId, within })
    return invoices.filter(({ period }) => period.endMs === endMs)
  }
}

function append(lines: Map<string, DraftLine[]>, { bill }: ProvenBill, more: readonly DraftLine[]): void {
  if (more.length === 0) return
  const before = lines.get(bill.tenantId)
  if (before === undefined) lines.set(bill.tenantId, [...more])
  else before.push(...more)
}
