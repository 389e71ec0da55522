import type { ControlTables } from '../storage/ports/control-store.ts'
import type { EventIdentity } from '../storage/ports/events.ts'
import type { UnattributedEvent, UnattributedReason } from '../storage/ports/unattributed.ts'
import { type Countable, type CountOnceParts, countOnce } from './count-once.ts'
import type { EventOutcome, RefusedEvent } from './event-outcome.ts'
import { bodyOf, type EventFault, type IncomingEvent } from './incoming-event.ts'
import { isFault } from './place-event.ts'

/**
 * The events of one transaction. Several of one identity are one event, said again, or one that is in
 * conflict with it: the first there ever was decides.
 */
export class Turn {
  readonly #tables: ControlTables
  readonly #how: CountOnceParts
  /** By the name of their identity, in the order in which they came. */
  readonly #slots = new Map<string, Slot[]>()
  readonly #lost: Lost[] = []
  /** Whether anything could not be counted before. */
  #someKept = false

  constructor(tables: ControlTables, how: CountOnceParts) {
    this.#tables = tables
    this.#how = how
  }

  /** Returns where the outcome will be once the turn is settled. `isOwn` = a customer reports it by its own key. */
  add(
    event: IncomingEvent,
    placed: Countable | EventFault,
    isOwn = false,
  ): { readonly outcome: EventOutcome } {
    if (isFault(placed)) {
      // Only the operator may name others than itself.
      if (placed.code === 'unknown-tenant')
        this.#keep(event, { tenant: event.tenant ?? '', reason: placed.code, needsRoom: false })
      return { outcome: { kind: 'refused', ...placed } }
    }
    const name = nameOf(placed)
    const slot: Slot = { event, countable: placed, isOwn, outcome: UNSETTLED }
    const others = this.#slots.get(name)
    if (others === undefined) this.#slots.set(name, [slot])
    else others.push(slot)
    return slot
  }

  /** Counts what is new, and keeps what cannot be counted. */
  async settle(): Promise<void> {
    const kept = await this.#findKept()
    const [matched, unmatched]: [Slot[], Slot[]] = [[], []]
    for (const [name, [first]] of this.#slots) {
      const before = kept.get(name)
      if (first === undefined) continue
      if (first.countable.matched.length === 0) unmatched.push(first)
      // What is kept has its id: another event under it would have two meanings.
      else if (before === undefined || before.hash === first.event.hash) matched.push(first)
      else this.#unmatched(name, before.hash, false)
    }
    await this.#count(matched)
    await this.#keepUnmatched(unmatched, kept)
    if (this.#lost.length === 0) return
    await this.#boundOwn()
    await this.#tables.unattributed.put(this.#lost.map(({ row }) => row))
  }

  /** What a customer's own keys leave behind is bounded: it lies in the store that everybody's bills lie in. */
  async #boundOwn(): Promise<void> {
    const room = new Map<string, number>()
    // What waits for a meter goes before what only a person can decide.
    const lost = this.#lost.splice(0).sort((one, other) => rankOf(one) - rankOf(other))
    for (const each of lost) {
      const { row, needsRoom } = each
      const left = needsRoom ? (room.get(row.tenant) ?? (await this.#roomOf(row.tenant))) : 1
      if (needsRoom) room.set(row.tenant, left - 1)
      if (left > 0) this.#lost.push(each)
      else this.#refuse(nameOf({ ...row, tenantId: row.tenant }))
    }
  }

  /** Events that are not kept after all; conflicts are refused anyway. */
  #refuse(name: string): void {
    for (const slot of this.#slots.get(name) ?? []) {
      if (slot.outcome.kind === 'unmatched') slot.outcome = { kind: 'refused', ...NO_ROOM }
    }
  }

  async #roomOf(tenant: string): Promise<number> {
    return KEPT_OF_OWN_MAX - (await this.#tables.unattributed.countOf(tenant, KEPT_OF_OWN_MAX))
  }

  async #count(firsts: readonly Slot[]): Promise<void> {
    const countables = firsts.map(({ countable }) => countable)
    for (const { taken, isNew } of await countOnce(this.#tables, countables, this.#how)) {
      this.#settle(nameOf(taken), taken.hash, { kind: 'counted', taken, isNew })
    }
    if (this.#someKept) await this.#tables.unattributed.resolve(firsts.filter(isCounted).flatMap(namesOf))
  }

  /** Which may have been counted, before a meter was taken out of the file. */
  async #keepUnmatched(firsts: readonly Slot[], kept: ReadonlyMap<string, UnattributedEvent>): Promise<void> {
    if (firsts.length === 0) return
    const taken = await this.#tables.events.find(firsts.map(({ countable }) => countable))
    const byName = new Map(taken.map((each) => [nameOf(each), each]))
    for (const { event, countable, isOwn } of firsts) {
      const name = nameOf(countable)
      const counted = byName.get(name)
      if (counted !== undefined) {
        this.#settle(name, counted.hash, { kind: 'counted', taken: counted, isNew: false })
        continue
      }
      const before = kept.get(name)
      if (before === undefined || before.hash === event.hash)
        this.#keep(event, {
          tenant: countable.tenantId,
          reason: 'no-meter',
          needsRoom: isOwn && before === undefined,
        })
      this.#unmatched(name, before?.hash ?? event.hash, before === undefined)
    }
  }

  #unmatched(name: string, hash: string, isNew: boolean): void {
    const tenantId = this.#slots.get(name)?.[0]?.countable.tenantId ?? ''
    this.#settle(name, hash, { kind: 'unmatched', tenantId, isNew })
  }

  /** Gives all events of one identity their outcomes; `hash` is of the one that decides. */
  #settle(name: string, hash: string, outcome: Exclude<EventOutcome, RefusedEvent>): void {
    let { isNew } = outcome
    for (const slot of this.#slots.get(name) ?? []) {
      if (slot.event.hash === hash) {
        slot.outcome = { ...outcome, isNew }
        isNew = false
      } else {
        slot.outcome = { kind: 'refused', ...CONFLICT }
        const { tenantId: tenant } = slot.countable
        this.#keep(slot.event, { tenant, reason: CONFLICT.code, needsRoom: slot.isOwn })
      }
    }
  }

  /** What is kept of these events: without a meter, by identity. */
  async #findKept(): Promise<ReadonlyMap<string, UnattributedEvent>> {
    const { unattributed } = this.#tables
    this.#someKept = await unattributed.any()
    if (!this.#someKept) return NOTHING_KEPT
    const firsts = [...this.#slots.values()].flatMap((slots) => slots.slice(0, 1))
    const found = await unattributed.find(firsts.map(({ countable }) => withTenant(countable)))
    const ofMeters = found.filter(({ reason }) => reason === 'no-meter')
    return new Map(ofMeters.map((each) => [nameOf({ ...each, tenantId: each.tenant }), each]))
  }

  #keep(event: IncomingEvent, { tenant, reason, needsRoom }: Keeping): void {
    const { nowMs } = this.#how
    // It did not come again: somebody looked whether it can be counted by now.
    if (event.keptSinceMs !== undefined && reason !== 'idempotency-conflict') return
    const row = {
      ...{ tenant, source: event.source, id: event.id, hash: event.hash, reason },
      ...{ body: bodyOf({ ...event, tenant }), times: 1 },
      ...{ firstAtMs: event.keptSinceMs ?? nowMs, lastAtMs: nowMs },
    }
    this.#lost.push({ row, needsRoom })
  }
}

interface Slot {
  readonly event: IncomingEvent
  readonly countable: Countable
  /** Reported by a key of its own tenant. */
  readonly isOwn: boolean
  outcome: EventOutcome
}

/** What cannot be counted, and whether it is one of those that are bounded. */
interface Lost {
  readonly row: UnattributedEvent
  readonly needsRoom: boolean
}

interface Keeping {
  /** As its sender named it, where there is none. */
  readonly tenant: string
  readonly reason: UnattributedReason
  /** Whether it is one of those that are bounded. */
  readonly needsRoom: boolean
}

function rankOf({ row }: Lost): number {
  return row.reason === CONFLICT.code ? 1 : 0
}

/** Events of one tenant that its own keys may leave behind. The operator's tokens may leave any number. */
const KEPT_OF_OWN_MAX = 1_000

const CONFLICT = {
  code: 'idempotency-conflict',
  fault: 'another event has this idempotency key already; what came first counts, and this one is kept aside',
} as const satisfies EventFault

const NO_ROOM = {
  code: 'invalid-event',
  fault: `no meter takes this metric, and ${KEPT_OF_OWN_MAX} such events of this tenant are kept already; this one is not`,
} as const satisfies EventFault

const UNSETTLED: EventOutcome = { kind: 'refused', ...CONFLICT }
const NOTHING_KEPT: ReadonlyMap<string, UnattributedEvent> = new Map()

/** Equal for equal identities only: no part holds a line end. */
function nameOf({ tenantId, source, id }: EventIdentity): string {
  return `${tenantId}\n${source}\n${id}`
}

function isCounted({ outcome }: Slot): boolean {
  return outcome.kind === 'counted' && outcome.isNew
}

function withTenant({ tenantId, source, id }: EventIdentity) {
  return { tenant: tenantId, source, id }
}

/** Under its tenant's id, or as its sender called that tenant before there was one. */
function namesOf({ event, countable }: Slot) {
  const names = new Set([countable.tenantId, event.tenant ?? countable.tenantId])
  return [...names].map((tenant) => ({ ...withTenant(countable), tenant, hash: event.hash }))
}
