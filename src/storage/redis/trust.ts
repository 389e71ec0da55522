import { randomUUID } from 'node:crypto'
import type { Counter, CounterStore } from '../ports/counters.ts'
import type { CounterTrust, Recount, Trust } from '../ports/shared-counters.ts'
import { RedisCounterStore, type RedisCountersParts } from './counters.ts'
import { cutAgoMs, runScript, trustKey } from './cut.ts'

/** Who counts again says so as often as this; when it dies, another node begins anew after three times as long. */
const CLAIM_MS = 5_000
/** How long one answer is waited for while counting again: many counters travel at once then. */
const RECOUNT_ANSWER_MS = 10_000
/** Counters restored at a time. */
const RESTORES_MAX = 500

/**
 * Whether the counts in Redis can be relied on.
 *
 * A hash names the run of the server that they were counted in. Where it is not there (all was deleted) or names
 * another run (the server started anew, or is another one), counts may be missing: nothing is decided by
 * them until one node, and only one, has counted again.
 */
export class RedisCounterTrust implements CounterTrust {
  readonly #parts: RedisCountersParts
  readonly #store: RedisCounterStore
  /** Over the same connection: refuses while counts are lost. */
  readonly #trusted: RedisCounterStore

  constructor(parts: Omit<RedisCountersParts, 'trust' | 'answerMsMax'>) {
    this.#parts = { ...parts, answerMsMax: RECOUNT_ANSWER_MS, trust: 'any' }
    this.#store = new RedisCounterStore(this.#parts)
    this.#trusted = new RedisCounterStore({ ...this.#parts, trust: 'checked' })
  }

  check(): Promise<Trust> {
    return this.#store.check()
  }

  async beginRecount(): Promise<Recount | undefined> {
    const { connection } = this.#parts
    const claim = randomUUID()
    const runOf = connection.run ?? ''
    const claimed = await connection.send('SET', [this.#claimKey, claim, 'NX', 'PX', 3 * CLAIM_MS])
    if (claimed !== 'OK') return undefined
    const renewing = setInterval(() => {
      runScript(connection, RENEW, [this.#claimKey], [claim, String(3 * CLAIM_MS)]).catch(() => {})
    }, CLAIM_MS).unref()
    const end = async (): Promise<void> => {
      clearInterval(renewing)
      await runScript(connection, GIVE_UP, [this.#claimKey], [claim]).catch(() => {})
    }
    // Another node may have finished just before.
    if ((await this.#store.check()) === 'trusted') {
      await end()
      return undefined
    }
    const cutMs = await this.#cutMs()
    await this.#deleteCounters()
    const keys = [trustKey(connection.prefix), this.#claimKey]
    return {
      cutMs,
      counters: new Restoring(this.#store),
      finish: async (adjustedSeq) =>
        (await runScript(connection, FINISH, keys, [claim, runOf, String(adjustedSeq)])) === 1,
      [Symbol.asyncDispose]: end,
    }
  }

  async giveBackOnce(seq: number, counters: readonly Counter[]): Promise<void> {
    const { connection } = this.#parts
    const isOurs = await runScript(connection, CLAIM_ADJUSTMENT, [trustKey(connection.prefix)], [String(seq)])
    if (isOurs === 1) await this.#store.giveBack(counters)
  }

  restore(counter: Counter, atMs: number, amount: number, least: number): Promise<void> {
    return this.#trusted.restore(counter, atMs, amount, least)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store[Symbol.asyncDispose]()
  }

  get #claimKey(): string {
    return `${trustKey(this.#parts.connection.prefix)}:recount`
  }

  /** By the clock of this node. */
  async #cutMs(): Promise<number> {
    const { connection, nowMs } = this.#parts
    const agoMs = await cutAgoMs(connection)
    return nowMs() - Number(agoMs)
  }

  /** What was counted in an earlier run: it is counted again as a whole, and must not count twice. */
  async #deleteCounters(): Promise<void> {
    const { connection } = this.#parts
    for (const pattern of ['rl:*', 'q:*']) {
      for await (const keys of connection.keys(connection.prefix + pattern)) {
        await Promise.all(keys.map((key) => connection.send('UNLINK', [key])))
      }
    }
  }
}

/** Sends what is restored without waiting for each, some at a time. */
class Restoring implements CounterStore {
  readonly traits
  readonly #store: RedisCounterStore
  #pending: Promise<void>[] = []

  constructor(store: RedisCounterStore) {
    this.#store = store
    this.traits = store.traits
  }

  take(...asked: Parameters<CounterStore['take']>) {
    return this.#store.take(...asked)
  }

  peek(...asked: Parameters<CounterStore['peek']>) {
    return this.#store.peek(...asked)
  }

  giveBack(...asked: Parameters<CounterStore['giveBack']>) {
    return this.#store.giveBack(...asked)
  }

  release(...asked: Parameters<CounterStore['release']>) {
    return this.#store.release(...asked)
  }

  async restore(...told: Parameters<CounterStore['restore']>): Promise<void> {
    const restored = this.#store.restore(...told)
    // A failure is told by the one that waits for all.
    restored.catch(() => {})
    this.#pending.push(restored)
    if (this.#pending.length >= RESTORES_MAX) await this.#settle()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#settle()
  }

  async #settle(): Promise<void> {
    const pending = this.#pending
    this.#pending = []
    await Promise.all(pending)
  }
}

const RENEW = `if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end`

const GIVE_UP = `if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end`

/** Who lost the claim may have been counting beside another; who lost the run counted for nothing. */
const FINISH = `
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'ready', ARGV[2], 'adjusted', ARGV[3])
return 1
`

const CLAIM_ADJUSTMENT = `
if tonumber(redis.call('HGET', KEYS[1], 'adjusted') or 0) >= tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'adjusted', ARGV[1])
return 1
`
