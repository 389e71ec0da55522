import type { Expression, ExpressionBuilder, Kysely, SqlBool } from 'kysely'
import type { Subscription } from '../../model/tenant.ts'
import type { SubscriptionStore } from '../ports/subscriptions.ts'
import type { ControlSchema, SubscriptionRow } from './schema.ts'

/** Which plan a tenant has, over time, in SQL. */
export class SqlSubscriptionStore implements SubscriptionStore {
  readonly #db: Kysely<ControlSchema>

  constructor(db: Kysely<ControlSchema>) {
    this.#db = db
  }

  async insert(subscription: Subscription): Promise<void> {
    await this.#db
      .insertInto('subscriptions')
      .values({
        id: subscription.id,
        tenant_id: subscription.tenantId,
        plan_id: subscription.planId,
        plan_version: subscription.planVersion,
        start_ms: subscription.startMs,
        end_ms: subscription.endMs,
      })
      .execute()
  }

  async activeAt(tenantId: string, atMs: number): Promise<Subscription | undefined> {
    const row = await this.#db
      .selectFrom('subscriptions')
      .selectAll()
      .where('tenant_id', '=', tenantId)
      .where('start_ms', '<=', atMs)
      .where((eb) => endsAfter(eb, atMs))
      .executeTakeFirst()
    return row === undefined ? undefined : toSubscription(row)
  }

  async list(tenantId: string): Promise<readonly Subscription[]> {
    const rows = await this.#db
      .selectFrom('subscriptions')
      .selectAll()
      .where('tenant_id', '=', tenantId)
      .orderBy('start_ms')
      .orderBy('end_ms')
      .execute()
    return rows.map(toSubscription)
  }

  async during(fromMs: number, toMs: number): Promise<readonly Subscription[]> {
    const rows = await this.#db
      .selectFrom('subscriptions')
      .selectAll()
      .where('start_ms', '<', toMs)
      .where((eb) => endsAfter(eb, fromMs))
      .where(isNotEmpty)
      .orderBy('tenant_id')
      .orderBy('start_ms')
      .orderBy('id')
      .execute()
    return rows.map(toSubscription)
  }

  async end(id: string, endMs: number | null): Promise<void> {
    await this.#db.updateTable('subscriptions').set({ end_ms: endMs }).where('id', '=', id).execute()
  }

  async countSubscribers(planId: string, atMs: number): Promise<number> {
    const row = await this.#db
      .selectFrom('subscriptions')
      .innerJoin('tenants', 'tenants.id', 'subscriptions.tenant_id')
      .select(({ fn }) => fn.count('tenant_id').distinct().as('count'))
      .where('plan_id', '=', planId)
      .where('tenants.state', '!=', 'deleted')
      .where((eb) => endsAfter(eb, atMs))
      .where(isNotEmpty)
      .executeTakeFirstOrThrow()
    return Number(row.count)
  }
}

function endsAfter(eb: ExpressionBuilder<ControlSchema, 'subscriptions'>, atMs: number): Expression<SqlBool> {
  return eb.or([eb('end_ms', 'is', null), eb('end_ms', '>', atMs)])
}

/** A change taken back before it began ends where it starts: nobody was ever on it. */
function isNotEmpty({ or, eb, ref }: ExpressionBuilder<ControlSchema, 'subscriptions'>): Expression<SqlBool> {
  return or([eb('end_ms', 'is', null), eb('end_ms', '>', ref('start_ms'))])
}

function toSubscription(row: SubscriptionRow): Subscription {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    planId: row.plan_id,
    planVersion: row.plan_version,
    startMs: row.start_ms,
    endMs: row.end_ms,
  }
}
