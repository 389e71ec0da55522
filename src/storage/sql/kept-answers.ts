import { type Kysely, sql } from 'kysely'
import type {
  Claim,
  ClaimHolder,
  ClaimOutcome,
  ClaimOwner,
  ClaimPlace,
  KeptAnswer,
  KeptAnswerStore,
} from '../ports/kept-answers.ts'
import { chunksOf } from './chunks.ts'
import type { KeptAnswerRow } from './intake-schema.ts'
import type { ControlSchema } from './schema.ts'

/** Calls with an `Idempotency-Key`, in SQL. */
export class SqlKeptAnswerStore implements KeptAnswerStore {
  readonly #db: Kysely<ControlSchema>

  constructor(db: Kysely<ControlSchema>) {
    this.#db = db
  }

  async claim(claim: Claim): Promise<ClaimOutcome> {
    // Each turn either ends or finds that another call changed the row meanwhile.
    for (;;) {
      if (await this.#insert(claim)) return { kind: 'claimed', earlierIds: [], billedBefore: false }
      const row = await this.#find(claim)
      if (row === undefined) continue
      if (isExpired(row, claim.nowMs)) {
        await this.#at(claim).where('event_id', '=', row.event_id).where(expired(claim.nowMs)).execute()
        continue
      }
      const outcome = judge(row, claim)
      if (outcome !== undefined) return outcome
      const earlierIds = [...readIds(row.earlier_ids), row.event_id].slice(-EARLIER_MAX)
      if (await this.#takeOver(claim, row.event_id, earlierIds))
        return { kind: 'claimed', earlierIds, billedBefore: row.billed === 1 }
    }
  }

  async keep(holder: ClaimHolder, answer: KeptAnswer, expiresAtMs: number): Promise<boolean> {
    const { body, ...head } = answer
    const result = await this.#db
      .updateTable('kept_answers')
      .set({
        head: JSON.stringify(head),
        body: body.toString('base64'),
        bytes: body.length,
        expires_at_ms: expiresAtMs,
      })
      .where(places(holder))
      .where('event_id', '=', holder.eventId)
      .executeTakeFirst()
    return result.numUpdatedRows === 1n
  }

  async release(holder: ClaimHolder): Promise<void> {
    const row = await this.#find(holder)
    const earlierIds = row === undefined ? [] : readIds(row.earlier_ids)
    const last = earlierIds.at(-1)
    if (last === undefined) {
      await this.#at(holder).where('event_id', '=', holder.eventId).where('head', 'is', null).execute()
      return
    }
    // What broke off before may be on the bill though this call is not: it must not be forgotten.
    const before = { event_id: last, earlier_ids: JSON.stringify(earlierIds.slice(0, -1)) }
    await this.#freeWith(holder, before)
  }

  async releaseBilled(holder: ClaimHolder, expiresAtMs: number): Promise<void> {
    await this.#freeWith(holder, { billed: 1, expires_at_ms: expiresAtMs })
  }

  async renew(
    { nodeId, epoch }: ClaimOwner,
    eventIds: readonly string[],
    leaseUntilMs: number,
  ): Promise<void> {
    for (const ids of chunksOf(eventIds, RENEWED_AT_ONCE)) {
      await this.#db
        .updateTable('kept_answers')
        .set({ lease_until_ms: leaseUntilMs })
        // What the index of running calls begins with.
        .where('node_id', '=', nodeId)
        .where('epoch', '=', epoch)
        .where('head', 'is', null)
        .where('event_id', 'in', ids)
        .execute()
    }
  }

  async bytesOf(tenantId: string): Promise<number> {
    const row = await this.#db
      .selectFrom('kept_answers')
      .select(sql<number>`cast(coalesce(sum(bytes), 0) as bigint)`.as('bytes'))
      .where('tenant_id', '=', tenantId)
      .executeTakeFirst()
    return row?.bytes ?? 0
  }

  async trim(tenantId: string, bytesMax: number): Promise<number> {
    let bytes = await this.bytesOf(tenantId)
    while (bytes > bytesMax) {
      const oldest = await this.#db
        .selectFrom('kept_answers')
        .select(['tenant_id as tenantId', 'route_id as routeId', 'idempotency_key as key', 'bytes'])
        .where('tenant_id', '=', tenantId)
        .where('head', 'is not', null)
        .orderBy('expires_at_ms')
        .limit(TRIM_AT_ONCE)
        .execute()
      if (oldest.length === 0) return bytes
      for (const row of oldest) {
        if (bytes <= bytesMax) break
        await this.#at(row).execute()
        bytes -= row.bytes
      }
    }
    return bytes
  }

  async removeExpired(nowMs: number, limit: number): Promise<number> {
    const rows = await this.#db
      .selectFrom('kept_answers')
      .select(['tenant_id as tenantId', 'route_id as routeId', 'idempotency_key as key'])
      .where(expired(nowMs))
      .orderBy('expires_at_ms')
      .limit(limit)
      .execute()
    for (const row of rows) await this.#at(row).where(expired(nowMs)).execute()
    return rows.length
  }

  #at(place: ClaimPlace) {
    return this.#db.deleteFrom('kept_answers').where(places(place))
  }

  /** Leaves the key to whoever comes next, and says what is to be known of it. */
  async #freeWith(holder: ClaimHolder, known: Partial<KeptAnswerRow>): Promise<void> {
    await this.#db
      .updateTable('kept_answers')
      .set({ ...known, lease_until_ms: 0 })
      .where(places(holder))
      .where('event_id', '=', holder.eventId)
      .where('head', 'is', null)
      .execute()
  }

  #find(place: ClaimPlace): Promise<KeptAnswerRow | undefined> {
    return this.#db.selectFrom('kept_answers').selectAll().where(places(place)).executeTakeFirst()
  }

  async #insert(claim: Claim): Promise<boolean> {
    const { tenantId, routeId, key, eventId, owner, fingerprint, leaseUntilMs, expiresAtMs } = claim
    const result = await this.#db
      .insertInto('kept_answers')
      .values({
        tenant_id: tenantId,
        route_id: routeId,
        idempotency_key: key,
        event_id: eventId,
        earlier_ids: '[]',
        fingerprint,
        node_id: owner.nodeId,
        epoch: owner.epoch,
        lease_until_ms: leaseUntilMs,
        expires_at_ms: expiresAtMs,
        head: null,
        body: null,
        bytes: 0,
        billed: 0,
      })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst()
    return result.numInsertedOrUpdatedRows === 1n
  }

  /** Takes the key of a call that broke off; false when someone else was quicker. */
  async #takeOver(claim: Claim, from: string, earlierIds: readonly string[]): Promise<boolean> {
    const { eventId, owner, leaseUntilMs, expiresAtMs } = claim
    const result = await this.#db
      .updateTable('kept_answers')
      .set({
        event_id: eventId,
        earlier_ids: JSON.stringify(earlierIds),
        node_id: owner.nodeId,
        epoch: owner.epoch,
        lease_until_ms: leaseUntilMs,
        expires_at_ms: expiresAtMs,
      })
      .where(places(claim))
      .where('event_id', '=', from)
      .where('head', 'is', null)
      .executeTakeFirst()
    return result.numUpdatedRows === 1n
  }
}

/** So many calls of one key that broke off are remembered. */
const EARLIER_MAX = 20
const TRIM_AT_ONCE = 50
const RENEWED_AT_ONCE = 64

/** What a key that was used before means for a call; undefined when its call broke off. */
function judge(row: KeptAnswerRow, { fingerprint, owner, nowMs }: Claim): ClaimOutcome | undefined {
  if (row.fingerprint !== fingerprint) return { kind: 'mismatch' }
  if (row.head !== null) {
    const head: Omit<KeptAnswer, 'body'> = JSON.parse(row.head)
    const body = Buffer.from(row.body ?? '', 'base64')
    return { kind: 'answered', eventId: row.event_id, answer: { ...head, body } }
  }
  const nodeRestarted = row.node_id === owner.nodeId && row.epoch < owner.epoch
  return nodeRestarted || row.lease_until_ms <= nowMs ? undefined : { kind: 'running' }
}

function places({ tenantId, routeId, key }: ClaimPlace) {
  return sql<boolean>`tenant_id = ${tenantId} and route_id = ${routeId} and idempotency_key = ${key}`
}

/** Its time is over, and no call holds it: one that takes longer than its answer is kept must not be done twice. */
function isExpired(row: KeptAnswerRow, nowMs: number): boolean {
  return row.expires_at_ms <= nowMs && (row.head !== null || row.lease_until_ms <= nowMs)
}

/** The same, for the store. */
function expired(nowMs: number) {
  return sql<boolean>`expires_at_ms <= ${nowMs} and (head is not null or lease_until_ms <= ${nowMs})`
}

function readIds(text: string): readonly string[] {
  return JSON.parse(text)
}
