import type { Clock } from '../lib/clock.ts'
import type { ClaimHolder, ClaimOwner, KeptAnswerStore } from '../storage/ports/kept-answers.ts'
import type { UsageLog } from '../storage/ports/usage-log.ts'
import type { ClaimReply, KeeperRequest, SentAnswer } from './keeper-messages.ts'

/** How long a call holds its key unless it is renewed; far more than the time between two renewals. */
const LEASE_MS = 60_000
/** What the answers kept for one tenant may take; above it the oldest go. */
const TENANT_BYTES_MAX = 64 * 1024 * 1024
/** Answers removed in one go. */
const REMOVED_AT_ONCE = 500
/** Tenants whose bytes are remembered. */
const TENANTS_MAX = 10_000

/** How often `upkeep` is to be called. */
export const UPKEEP_MS = 10_000

/**
 * Answers questions about calls with an `Idempotency-Key`, for all gateway threads of a node.
 *
 * Where a call broke off with its node the next one is let through, for nobody knows how far it came; but
 * when its event had reached the usage log, it is on the bill already. Where it broke off alone, the store knows.
 */
export class Keeper {
  readonly #parts: KeeperParts
  /** Calls that hold a key now: only these are renewed, so a key that could not be given back frees itself. */
  readonly #running = new Set<string>()
  readonly #bytes = new Map<string, number>()

  constructor(parts: KeeperParts) {
    this.#parts = parts
  }

  async handle(request: KeeperRequest): Promise<ClaimReply | 'done'> {
    if (request.kind === 'claim') return this.#claim(request)
    this.#running.delete(request.holder.eventId)
    const { store, clock } = this.#parts
    const { holder } = request
    if (request.kind === 'release') await store.release(holder)
    else if (request.kind === 'keep') await this.#keep(holder, request.answer, request.keepMs)
    else await store.releaseBilled(holder, clock.nowMs() + request.keepMs)
    return 'done'
  }

  /** Lets running calls hold their keys on, and removes what expired. */
  async upkeep(): Promise<void> {
    const { store, owner, clock } = this.#parts
    await store.renew(owner, [...this.#running], clock.nowMs() + LEASE_MS)
    if ((await store.removeExpired(clock.nowMs(), REMOVED_AT_ONCE)) > 0) this.#bytes.clear()
  }

  async #claim({ holder, fingerprint, keepMs }: ClaimRequest): Promise<ClaimReply> {
    const { store, owner, clock } = this.#parts
    const nowMs = clock.nowMs()
    const times = { nowMs, leaseUntilMs: nowMs + LEASE_MS, expiresAtMs: nowMs + keepMs }
    const outcome = await store.claim({ ...holder, owner, fingerprint, ...times })
    if (outcome.kind !== 'claimed') return outcome
    const billedBefore = outcome.billedBefore || (await this.#anyBilled(outcome.earlierIds))
    // Not before all went well: who is told that it failed does not give the key back.
    this.#running.add(holder.eventId)
    return { kind: 'claimed', billedBefore }
  }

  async #keep(holder: ClaimHolder, { body, ...head }: SentAnswer, keepMs: number): Promise<void> {
    const { store, clock } = this.#parts
    const { tenantId } = holder
    const bytes = this.#bytes.get(tenantId) ?? (await store.bytesOf(tenantId))
    const answer = { ...head, body: Buffer.from(body) }
    if (!(await store.keep(holder, answer, clock.nowMs() + keepMs))) return
    const taken = bytes + body.length
    if (this.#bytes.size >= TENANTS_MAX) this.#bytes.clear()
    this.#bytes.set(tenantId, taken > TENANT_BYTES_MAX ? await store.trim(tenantId, TENANT_BYTES_MAX) : taken)
  }

  async #anyBilled(eventIds: readonly string[]): Promise<boolean> {
    for (const id of eventIds) if ((await this.#parts.usageLog.find(id))?.billable === true) return true
    return false
  }
}

type ClaimRequest = Extract<KeeperRequest, { kind: 'claim' }>

export interface KeeperParts {
  readonly store: KeptAnswerStore
  readonly usageLog: Pick<UsageLog, 'find'>
  /** This run of this node. */
  readonly owner: ClaimOwner
  readonly clock: Clock
}
