import type { CompiledQuery, Kysely } from 'kysely'
import type { Clock } from '../../lib/clock.ts'
import type { Grant } from '../../model/grant.ts'
import type { Key, KeyState } from '../../model/key.ts'
import type { KeyStore } from '../ports/keys.ts'
import type { ControlSchema, KeyRow } from './schema.ts'
import { toOverrides } from './tenants.ts'

/** Keys in SQL: their hash, never their secret. */
export class SqlKeyStore implements KeyStore {
  readonly #db: Kysely<ControlSchema>
  readonly #clock: Clock

  constructor(db: Kysely<ControlSchema>, clock: Clock) {
    this.#db = db
    this.#clock = clock
  }

  async insert(key: Key): Promise<void> {
    await this.#db.insertInto('keys').values(toRow(key)).execute()
  }

  async find(id: string): Promise<Key | undefined> {
    const row = await this.#db.selectFrom('keys').selectAll().where('id', '=', id).executeTakeFirst()
    return row === undefined ? undefined : toKey(row)
  }

  async hasHash(hash: string): Promise<boolean> {
    const row = await this.#db.selectFrom('keys').select('id').where('hash', '=', hash).executeTakeFirst()
    return row !== undefined
  }

  async list(filter: { readonly tenantId?: string; readonly state?: KeyState }): Promise<readonly Key[]> {
    let query = this.#db.selectFrom('keys').selectAll().orderBy('created_at_ms', 'desc').orderBy('id')
    if (filter.tenantId !== undefined) query = query.where('tenant_id', '=', filter.tenantId)
    if (filter.state !== undefined) query = query.where('state', '=', filter.state)
    return (await query.execute()).map(toKey)
  }

  async countHeld(tenantId: string): Promise<number> {
    const nowMs = this.#clock.nowMs()
    const row = await this.#db
      .selectFrom('keys')
      .select(({ fn }) => fn.countAll().as('count'))
      .where('tenant_id', '=', tenantId)
      .where('state', 'in', ['approved', 'active'])
      .where('replaced_by_id', 'is', null)
      .where('purpose', 'is', null)
      .where(({ or, eb }) => or([eb('expires_at_ms', 'is', null), eb('expires_at_ms', '>', nowMs)]))
      .executeTakeFirstOrThrow()
    return Number(row.count)
  }

  async update(next: Key, from: KeyState): Promise<boolean> {
    const { numUpdatedRows } = await this.#db
      .updateTable('keys')
      .set(toRow(next))
      .where('id', '=', next.id)
      .where('state', '=', from)
      .executeTakeFirstOrThrow()
    return numUpdatedRows === 1n
  }

  async grantByHash(hash: string): Promise<Grant | undefined> {
    const row = await grantQuery(this.#db, hash, this.#clock.nowMs()).executeTakeFirst()
    return row === undefined ? undefined : toGrant(row)
  }
}

/** A row of `grantQuery`. */
export interface GrantRow {
  readonly key_id: string
  readonly key_mode: Grant['keyMode']
  readonly key_state: Grant['keyState']
  readonly expires_at_ms: number | null
  readonly routes: string | null
  readonly ips: string | null
  readonly tenant_id: string
  readonly tenant_state: Grant['tenantState']
  readonly overrides: string | null
  readonly plan_id: string | null
  readonly plan_version: number | null
  readonly subscription_id: string | null
  readonly subscription_end_ms: number | null
  readonly subscription_start_ms: number | null
  readonly anchor_ms: number | null
  readonly plan_since_ms: number | null
}

/** The one read that answers what a key may do at `nowMs`: key, tenant and running subscription. */
export function compileGrantQuery(db: Kysely<ControlSchema>, hash: string, nowMs: number): CompiledQuery {
  return grantQuery(db, hash, nowMs).compile()
}

/** What the gateway makes of such a row. */
export function toGrant(row: GrantRow): Grant {
  return {
    keyId: row.key_id,
    keyMode: row.key_mode,
    keyState: row.key_state,
    expiresAtMs: row.expires_at_ms,
    routes: listOf(row.routes),
    ips: listOf(row.ips),
    tenantId: row.tenant_id,
    tenantState: row.tenant_state,
    overrides: toOverrides(row.overrides),
    planId: row.plan_id,
    planVersion: row.plan_version ?? 0,
    subscriptionId: row.subscription_id ?? '',
    planUntilMs: row.subscription_end_ms,
    anchorMs: row.anchor_ms ?? row.subscription_start_ms,
    planSinceMs: row.plan_since_ms ?? row.subscription_start_ms,
  }
}

function grantQuery(db: Kysely<ControlSchema>, hash: string, nowMs: number) {
  return db
    .selectFrom('keys')
    .innerJoin('tenants', 'tenants.id', 'keys.tenant_id')
    .leftJoin('subscriptions', (join) =>
      join
        .onRef('subscriptions.tenant_id', '=', 'tenants.id')
        .on('subscriptions.start_ms', '<=', nowMs)
        .on(({ or, eb }) =>
          or([eb('subscriptions.end_ms', 'is', null), eb('subscriptions.end_ms', '>', nowMs)]),
        ),
    )
    .select([
      'keys.id as key_id',
      'keys.mode as key_mode',
      'keys.state as key_state',
      'keys.expires_at_ms as expires_at_ms',
      'keys.routes as routes',
      'keys.ips as ips',
      'tenants.id as tenant_id',
      'tenants.state as tenant_state',
      'tenants.overrides as overrides',
      'subscriptions.plan_id as plan_id',
      'subscriptions.plan_version as plan_version',
      'subscriptions.id as subscription_id',
      'subscriptions.end_ms as subscription_end_ms',
      'subscriptions.start_ms as subscription_start_ms',
      'subscriptions.anchor_ms as anchor_ms',
      'subscriptions.plan_since_ms as plan_since_ms',
    ])
    .where('keys.hash', '=', hash)
}

function toRow(key: Key): KeyRow {
  return {
    id: key.id,
    tenant_id: key.tenantId,
    name: key.name,
    mode: key.mode,
    state: key.state,
    hash: key.hash,
    masked: key.masked,
    reason: key.reason,
    requested_by: key.requestedBy,
    decided_by: key.decidedBy,
    decision_reason: key.decisionReason,
    created_at_ms: key.createdAtMs,
    decided_at_ms: key.decidedAtMs,
    revealed_at_ms: key.revealedAtMs,
    revoked_at_ms: key.revokedAtMs,
    expires_at_ms: key.expiresAtMs,
    replaced_by_id: key.replacedById,
    routes: key.routes === null ? null : JSON.stringify(key.routes),
    ips: key.ips === null ? null : JSON.stringify(key.ips),
    purpose: key.purpose ?? null,
  }
}

function toKey(row: KeyRow): Key {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    name: row.name,
    mode: row.mode,
    state: row.state,
    hash: row.hash,
    masked: row.masked,
    reason: row.reason,
    requestedBy: row.requested_by,
    decidedBy: row.decided_by,
    decisionReason: row.decision_reason,
    createdAtMs: row.created_at_ms,
    decidedAtMs: row.decided_at_ms,
    revealedAtMs: row.revealed_at_ms,
    revokedAtMs: row.revoked_at_ms,
    expiresAtMs: row.expires_at_ms,
    replacedById: row.replaced_by_id,
    routes: listOf(row.routes),
    ips: listOf(row.ips),
    ...(row.purpose !== null && { purpose: row.purpose }),
  }
}

function listOf(json: string | null): readonly string[] | null {
  return json === null ? null : JSON.parse(json)
}
