import type { Kysely } from 'kysely'
import type { QuotaAlert, QuotaStore, UseNote, UsePlace } from '../ports/quotas.ts'
import type { QuotaAlertRow, UseNoteRow } from './quota-rows.ts'
import type { ControlSchema } from './schema.ts'

/** What was used of quotas, in SQL. */
export class SqlQuotaStore implements QuotaStore {
  readonly #db: Kysely<ControlSchema>

  constructor(db: Kysely<ControlSchema>) {
    this.#db = db
  }

  async hasNotes(): Promise<boolean> {
    return (
      (await this.#db.selectFrom('use_notes').select('sequence').limit(1).executeTakeFirst()) !== undefined
    )
  }

  async takeNotes(tenantsMax: number): Promise<readonly UseNote[]> {
    const tenants = await this.#db
      .selectFrom('use_notes')
      .select('tenant_id')
      .distinct()
      .orderBy('tenant_id')
      .limit(tenantsMax)
      .execute()
    if (tenants.length === 0) return []
    const ids = tenants.map(({ tenant_id: id }) => id)
    const rows = await this.#db.deleteFrom('use_notes').where('tenant_id', 'in', ids).returningAll().execute()
    return rows.map(toNote)
  }

  async used({ tenantId, meterId, fromMs, toMs }: UsePlace): Promise<string | undefined> {
    const row = await this.#db
      .selectFrom('quota_use')
      .select('used')
      .where('tenant_id', '=', tenantId)
      .where('meter_id', '=', meterId)
      .where('from_ms', '=', fromMs)
      .where('to_ms', '=', toMs)
      .executeTakeFirst()
    return row?.used
  }

  async setUsed({ tenantId, meterId, fromMs, toMs }: UsePlace, used: string): Promise<void> {
    await this.#db
      .insertInto('quota_use')
      .values({ tenant_id: tenantId, meter_id: meterId, from_ms: fromMs, to_ms: toMs, used })
      .onConflict((conflict) =>
        conflict.columns(['tenant_id', 'meter_id', 'from_ms', 'to_ms']).doUpdateSet({ used }),
      )
      .execute()
  }

  async tell(alert: QuotaAlert): Promise<boolean> {
    const { numInsertedOrUpdatedRows } = await this.#db
      .insertInto('quota_alerts')
      .values(toAlertRow(alert))
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirstOrThrow()
    return numInsertedOrUpdatedRows === 1n
  }

  async told(tenantId: string, fromMs: number): Promise<readonly QuotaAlert[]> {
    const rows = await this.#db
      .selectFrom('quota_alerts')
      .selectAll()
      .where('tenant_id', '=', tenantId)
      .where('period_ms', '>=', fromMs)
      .orderBy('at_ms')
      .orderBy('plan_id')
      .orderBy('quota_id')
      .orderBy('threshold')
      .execute()
    return rows.map(toAlert)
  }

  async forget(beforeMs: number): Promise<void> {
    await this.#db.deleteFrom('quota_use').where('to_ms', '<', beforeMs).execute()
    await this.#db.deleteFrom('quota_alerts').where('at_ms', '<', beforeMs).execute()
  }
}

function toNote(row: UseNoteRow): UseNote {
  return {
    tenantId: row.tenant_id,
    subscriptionId: row.subscription_id,
    bucketMs: row.bucket_ms,
    requests: row.requests,
    usageUnits: row.usage_units,
    bytesReceived: row.bytes_received,
    bytesSent: row.bytes_sent,
    durationMs: row.duration_ms,
    quantities: JSON.parse(row.quantities),
  }
}

function toAlertRow(alert: QuotaAlert): QuotaAlertRow {
  return {
    tenant_id: alert.tenantId,
    plan_id: alert.planId,
    quota_id: alert.quotaId,
    period_ms: alert.periodMs,
    threshold: alert.threshold,
    used: alert.used,
    included: alert.included,
    at_ms: alert.atMs,
  }
}

function toAlert(row: QuotaAlertRow): QuotaAlert {
  return {
    tenantId: row.tenant_id,
    planId: row.plan_id,
    quotaId: row.quota_id,
    periodMs: row.period_ms,
    threshold: row.threshold,
    used: row.used,
    included: row.included,
    atMs: row.at_ms,
  }
}
