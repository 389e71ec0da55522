import { record } from '../access/access.ts'
import { GatezError } from '../errors/gatez-error.ts'
import type { Clock } from '../lib/clock.ts'
import { prefixedId } from '../lib/id.ts'
import { PriceBook } from '../metering/price-book.ts'
import type { BillingTerms } from '../metering/usage-amounts.ts'
import { billingPeriodAt, heldPlan } from '../model/billing-calendar.ts'
import { formatMinor } from '../model/money.ts'
import { compare, exactly } from '../model/rational.ts'
import type { Tenant } from '../model/tenant.ts'
import type { ControlStore } from '../storage/ports/control-store.ts'
import { makeLines } from './invoice/make-lines.ts'
import { periodBills } from './invoice/period-bills.ts'

/**
 * Stops the calls of tenants whose billing period cost as much as it may, and lets them call again when it is over, or
 * the cap was raised or taken back.
 *
 * By the same numbers as the invoice, before tax. What was used between two looks is billed all the same: a cap is passed
 * by so much at most. Only tenants that have something of their own are looked at.
 */
export async function holdSpendCaps({ store, clock, billing }: SpendCapParts): Promise<readonly CapAct[]> {
  const nowMs = clock.nowMs()
  const acts: CapAct[] = []
  for (const id of await store.tenants.overridden()) {
    const tenant = await store.tenants.find(id)
    if (tenant === undefined) continue
    const cap = tenant.overrides?.spendCap
    if (tenant.state !== 'capped' && (tenant.state !== 'active' || cap === undefined)) continue
    const spent = await spentBy(store, tenant, { billing, nowMs })
    const isReached = cap !== undefined && spent !== undefined && compare(exactly(spent), exactly(cap)) >= 0
    if (isReached === (tenant.state === 'capped')) continue
    const act = { tenantId: id, isCapped: isReached, cap: cap ?? null, spent: spent ?? null }
    if (await write(store, act, nowMs)) acts.push(act)
  }
  return acts
}

export interface SpendCapParts {
  readonly store: ControlStore
  readonly clock: Clock
  readonly billing: BillingTerms
}

/** A tenant that was stopped, or let on. */
export interface CapAct {
  readonly tenantId: string
  readonly isCapped: boolean
  readonly cap: string | null
  readonly spent: string | null
}

/** Kind of the message that a tenant may spend no more. */
const SPEND_CAP_REACHED = 'spend-cap.reached'

/** What the period of a tenant costs so far; undefined where its usage has no price. */
async function spentBy(
  store: ControlStore,
  { id }: Tenant,
  { billing, nowMs }: { readonly billing: BillingTerms; readonly nowMs: number },
): Promise<string | undefined> {
  const subscription = await store.subscriptions.activeAt(id, nowMs)
  const period = billingPeriodAt(billing, nowMs, heldPlan(subscription).anchorMs)
  const prices = new PriceBook(store)
  try {
    const bills = await periodBills(store, { period, tenantId: id, billing, prices })
    const lines = await Promise.all(bills.map((bill) => makeLines(prices, bill, billing)))
    const minor = lines.flat().reduce((sum, line) => sum + line.minor, 0n)
    return formatMinor(minor, billing.currency)
  } catch (error) {
    if (!(error instanceof GatezError) || error.code !== 'unpriced-usage') throw error
    return undefined
  }
}

/** False when somebody else changed the tenant meanwhile: it is looked at again. */
async function write(store: ControlStore, act: CapAct, nowMs: number): Promise<boolean> {
  const { tenantId, isCapped, cap, spent } = act
  return store.transaction(async (tables) => {
    await tables.tenants.lock(tenantId)
    const tenant = await tables.tenants.find(tenantId)
    if (tenant?.state !== (isCapped ? 'active' : 'capped')) return false
    await tables.tenants.setState(tenantId, isCapped ? 'capped' : 'active')
    const action = isCapped ? 'tenant.capped' : 'tenant.resumed'
    const detail = { cap, spent }
    await record(tables, { atMs: nowMs, actor: 'gatez', action, subject: `tenant:${tenantId}`, detail })
    if (isCapped) {
      await tables.outbox.insert({
        id: prefixedId('msg'),
        kind: SPEND_CAP_REACHED,
        body: { tenant_id: tenantId, cap, spent },
        createdAtMs: nowMs,
      })
    }
    return true
  })
}
