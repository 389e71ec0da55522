import { setTimeout as pause } from 'node:timers/promises'
import type { Clock } from '../lib/clock.ts'
import type { ControlStore } from '../storage/ports/control-store.ts'
import type { LocalCounterStore } from '../storage/ports/counters.ts'
import type { CounterTrust } from '../storage/ports/shared-counters.ts'
import type { UsageLog } from '../storage/ports/usage-log.ts'
import type { AdjustedQuotas } from './release-adjusted.ts'
import { quotasUsedBefore, type UsedBefore, windowsUsedBefore } from './used-before.ts'
import { type CountedRules, type WantedCounters, wantedByRules, wantedByTenants } from './wanted-counters.ts'

/** So long a change waits at most for what it carries over: what is revoked must not pass meanwhile. */
const WAIT_MS = 300
/** When it is looked again: what was let through just before a change is in the ledger about a second later. */
const AGAIN_MS: readonly number[] = [1_500, 5_000]
/** How often, and how long after each other, it is tried again where a store is away. */
const RETRIES_MAX = 60
const RETRY_MS = 5_000
/** Timers of Node end after 24 days. */
const TIMER_MS_MAX = 86_400_000
/** Told to shared counters at a time. */
const TOLD_MAX = 500

/**
 * Carries what was used over into counters that come to be while the gateway runs: a tenant moves to another plan, now
 * or when its period ends, or the file gives a plan another limit, or periods other ends.
 *
 * A counter is brought to what the ledger, or the usage log, says at least, and never past it: one that has counted
 * all along stays as it is, and many nodes may do it at once. So nobody is refused for what he did not use. What was
 * let through before the change and is not in the stores yet counts a second or two later; then at most as many calls
 * are missing as were on their way at both moments. What was in flight is missing, as after a restart.
 */
export class CarriedUse {
  readonly #parts: CarriedUseParts
  readonly #stopping = new AbortController()
  /** When tenants move to another plan without anyone saying so then. */
  readonly #toCome = new Map<string, number>()
  #rules: CountedRules
  #arming: NodeJS.Timeout | undefined
  #last: Promise<void> = Promise.resolve()

  private constructor(parts: CarriedUseParts, rules: CountedRules) {
    this.#parts = parts
    this.#rules = rules
  }

  /** Starts with counters that were counted again by these rules. */
  static async start(parts: CarriedUseParts, rules: CountedRules): Promise<CarriedUse> {
    const carried = new CarriedUse(parts, rules)
    const nowMs = parts.clock.nowMs()
    for (const { tenantId, startMs } of await parts.store.subscriptions.during(
      nowMs,
      Number.MAX_SAFE_INTEGER,
    ))
      carried.#expect(tenantId, startMs, nowMs)
    carried.#arm()
    return carried
  }

  /** Other plans, or other periods. Resolves when the new rules may be in force: soon, also when a store is away. */
  replaceRules(rules: Partial<CountedRules>): Promise<void> {
    const before = this.#rules
    const after = { ...before, ...rules }
    this.#rules = after
    const { store, clock } = this.#parts
    return this.#carry(() => wantedByRules(store, { before, after }, clock.nowMs()))
  }

  /** Something changed for these tenants. Resolves when it may be in force, as above. */
  async tenantsChanged(tenantIds: readonly string[]): Promise<void> {
    if (tenantIds.length === 0) return
    const { store, clock } = this.#parts
    await this.#carry(async () => {
      const nowMs = clock.nowMs()
      for (const tenantId of tenantIds) {
        this.#toCome.delete(tenantId)
        for (const { startMs } of await store.subscriptions.list(tenantId))
          this.#expect(tenantId, startMs, nowMs)
      }
      this.#arm()
      return await wantedByTenants(store, this.#rules, tenantIds, nowMs)
    })
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    clearTimeout(this.#arming)
    await this.#last
  }

  async #carry(find: Finder): Promise<void> {
    const { signal } = this.#stopping
    const waited = pause(WAIT_MS, undefined, { signal, ref: false }).catch(() => {})
    await Promise.race([this.#pass(find, AGAIN_MS, 0), waited])
  }

  /** One after the other, so that the rules of the later change are the last word. */
  #pass(find: Finder, againMs: readonly number[], failures: number): Promise<void> {
    this.#last = this.#last.then(async () => {
      if (this.#stopping.signal.aborted) return
      try {
        const wanted = await find()
        if (wanted.length === 0) return
        await this.#count(wanted)
        const [nextMs, ...rest] = againMs
        if (nextMs !== undefined) this.#later(nextMs, find, rest, 0)
      } catch (error) {
        this.#parts.onError(error)
        if (failures < RETRIES_MAX) this.#later(RETRY_MS, find, againMs, failures + 1)
      }
    })
    return this.#last
  }

  #later(ms: number, find: Finder, againMs: readonly number[], failures: number): void {
    const { signal } = this.#stopping
    pause(ms, undefined, { signal, ref: false }).then(
      () => void this.#pass(find, againMs, failures),
      () => {},
    )
  }

  async #count(wanted: readonly WantedCounters[]): Promise<void> {
    const { store, usageLog, adjusted, clock } = this.#parts
    const { billing } = this.#rules
    await adjusted
      .between(
        () => quotasUsedBefore({ store, billing, nowMs: clock.nowMs() }, wanted),
        (used) => this.#countHere(used),
      )
      .then((used) => this.#countShared(used))
    const used = await windowsUsedBefore(usageLog, wanted, clock.nowMs())
    this.#countHere(used)
    await this.#countShared(used)
  }

  #countHere(used: readonly UsedBefore[]): void {
    const { counters, clock } = this.#parts
    const nowMs = clock.nowMs()
    for (const each of used) {
      // What has left the window by now is taken out, so that it does not stand for what is missing.
      counters.peek([each.counter], nowMs)
      for (const { atMs, amount, least } of told(each, nowMs))
        counters.restore(each.counter, atMs, amount, least)
    }
  }

  async #countShared(used: readonly UsedBefore[]): Promise<void> {
    const { shared, clock } = this.#parts
    if (shared === undefined) return
    let pending: Promise<void>[] = []
    for (const each of used) {
      for (const { atMs, amount, least } of told(each, clock.nowMs()))
        pending.push(shared.restore(each.counter, atMs, amount, least))
      if (pending.length < TOLD_MAX) continue
      await Promise.all(pending)
      pending = []
    }
    await Promise.all(pending)
  }

  #expect(tenantId: string, startMs: number, nowMs: number): void {
    if (startMs > nowMs && startMs < (this.#toCome.get(tenantId) ?? Number.POSITIVE_INFINITY))
      this.#toCome.set(tenantId, startMs)
  }

  /** Waits for the next tenant that moves. */
  #arm(): void {
    clearTimeout(this.#arming)
    if (this.#toCome.size === 0 || this.#stopping.signal.aborted) return
    let firstMs = Number.POSITIVE_INFINITY
    for (const startMs of this.#toCome.values()) firstMs = Math.min(firstMs, startMs)
    const inMs = Math.min(Math.max(0, firstMs - this.#parts.clock.nowMs()), TIMER_MS_MAX)
    this.#arming = setTimeout(() => {
      const nowMs = this.#parts.clock.nowMs()
      const due = [...this.#toCome].filter(([, startMs]) => startMs <= nowMs).map(([tenantId]) => tenantId)
      if (due.length > 0) void this.tenantsChanged(due)
      else this.#arm()
    }, inMs).unref()
  }
}

type Finder = () => Promise<readonly WantedCounters[]>

export interface CarriedUseParts {
  readonly store: Pick<ControlStore, 'ledger' | 'subscriptions' | 'tenants'>
  readonly usageLog: Pick<UsageLog, 'admissions'>
  /** Those of this process. */
  readonly counters: LocalCounterStore
  /** Those that other nodes share. */
  readonly shared?: Pick<CounterTrust, 'restore'> | undefined
  readonly adjusted: Pick<AdjustedQuotas, 'between'>
  readonly clock: Clock
  readonly onError: (error: unknown) => void
}

interface Told {
  readonly atMs: number
  readonly amount: number
  /** So much is counted at least once it is told. */
  readonly least: number
}

function* told({ counter, moments }: UsedBefore, nowMs: number): Generator<Told> {
  const isQuota = counter.kind === 'quota'
  // What leaves the window in the next moment is left out: it would be counted on top once it has left.
  const marginMs = Math.min(1_000, counter.windowMs / 60)
  let least = 0
  for (const [atMs, amount] of moments) {
    if (!isQuota && atMs <= nowMs - counter.windowMs + marginMs) continue
    least += amount
    yield { atMs, amount, least }
  }
}
