import type { Kysely } from 'kysely'
import { assert } from '../../lib/assert.ts'
import type { Plan, PlanVersion } from '../../model/plan.ts'
import type { PlanStore } from '../ports/plans.ts'
import type { ControlSchema, PlanVersionRow } from './schema.ts'

/** Plans and all their versions in SQL. */
export class SqlPlanStore implements PlanStore {
  readonly #db: Kysely<ControlSchema>

  constructor(db: Kysely<ControlSchema>) {
    this.#db = db
  }

  async current(): Promise<readonly PlanVersion[]> {
    const rows = await this.#db
      .selectFrom('plans')
      .innerJoin('plan_versions', (join) =>
        join
          .onRef('plan_versions.plan_id', '=', 'plans.id')
          .onRef('plan_versions.version', '=', 'plans.current_version'),
      )
      .selectAll('plan_versions')
      .where('plans.withdrawn', '=', 0)
      .orderBy('plans.position')
      .orderBy('plans.id')
      .execute()
    return rows.map(toPlanVersion)
  }

  async find(planId: string, version?: number): Promise<PlanVersion | undefined> {
    let query = this.#db
      .selectFrom('plan_versions')
      .selectAll()
      .where('plan_id', '=', planId)
      .orderBy('version', 'desc')
      .limit(1)
    if (version !== undefined) query = query.where('version', '=', version)
    const row = await query.executeTakeFirst()
    return row === undefined ? undefined : toPlanVersion(row)
  }

  async versions(planId: string): Promise<readonly PlanVersion[]> {
    const rows = await this.#db
      .selectFrom('plan_versions')
      .selectAll()
      .where('plan_id', '=', planId)
      .orderBy('version')
      .execute()
    return rows.map(toPlanVersion)
  }

  async insertVersion(plan: Plan, hash: string, position: number, createdAtMs: number): Promise<PlanVersion> {
    const newest = await this.find(plan.id)
    const version = (newest?.version ?? 0) + 1
    const head = { position, current_version: version, withdrawn: 0 }
    await this.#db
      .insertInto('plans')
      .values({ id: plan.id, ...head })
      .onConflict((conflict) => conflict.column('id').doUpdateSet(head))
      .execute()
    await this.#db
      .insertInto('plan_versions')
      .values({ plan_id: plan.id, version, hash, body: JSON.stringify(plan), created_at_ms: createdAtMs })
      .execute()
    return { plan, version, hash, createdAtMs }
  }

  async withdraw(planId: string): Promise<void> {
    await this.#db.updateTable('plans').set({ withdrawn: 1 }).where('id', '=', planId).execute()
  }

  async setPosition(planId: string, position: number): Promise<void> {
    await this.#db.updateTable('plans').set({ position }).where('id', '=', planId).execute()
  }

  async insertApplied(fileHash: string, appliedAtMs: number): Promise<void> {
    await this.#db
      .insertInto('applied_files')
      .values({ hash: fileHash, applied_at_ms: appliedAtMs })
      .execute()
  }

  async appliedHashes(): Promise<readonly string[]> {
    const rows = await this.#db
      .selectFrom('applied_files')
      .select('hash')
      .orderBy('sequence', 'desc')
      .execute()
    return rows.map((row) => row.hash)
  }
}

function toPlanVersion(row: PlanVersionRow): PlanVersion {
  const plan: Plan = JSON.parse(row.body)
  assert(plan.id === row.plan_id, 'a stored plan is the plan of its row')
  return { plan, version: row.version, hash: row.hash, createdAtMs: row.created_at_ms }
}
