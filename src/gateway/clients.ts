import { createHmac } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { ClientRules } from '../config/config.ts'
import type { Clock } from '../lib/clock.ts'
import { LruCache } from '../lib/lru-cache.ts'
import { ipNetwork } from '../model/ip-block.ts'
import {
  Counter,
  type CounterSpec,
  type Decision,
  LOG_LIMIT,
  type LocalCounterStore,
} from '../storage/ports/counters.ts'
import { type Origin, plainAddress, readOrigin, type Trust, trustIn } from './origin.ts'
import { Refusal } from './refusal.ts'
import type { RequestHead } from './request-head.ts'

const MINUTE_MS = 60_000
/** Addresses remembered with what was worked out of them, per gateway thread. */
const KNOWN_MAX = 10_000
/** How long one warning stands for all. */
const QUIET_MS = 10_000
/** How long no room is looked for when there was none. */
const FULL_MS = 1_000

/** Who is at the other end of connections: where calls come from, and how much one address may do. */
export class Clients {
  readonly #parts: ClientsParts
  readonly #known = new LruCache<string, Known>(KNOWN_MAX)
  #rules: ClientRules
  #trust: Trust | undefined
  #quietUntilMs = Number.NEGATIVE_INFINITY
  #fullUntilMs = Number.NEGATIVE_INFINITY

  constructor(parts: ClientsParts) {
    this.#parts = parts
    this.#rules = parts.rules
    this.#trust = trustIn(parts.rules.trustedProxies, parts.rules.forwardedBy)
  }

  get rules(): ClientRules {
    return this.#rules
  }

  /** Puts other rules in force, for connections and calls to come. */
  replaceRules(rules: ClientRules): void {
    this.#rules = rules
    this.#trust = trustIn(rules.trustedProxies, rules.forwardedBy)
    this.#known.clear()
  }

  /** Where a call comes from, as far as it can be believed. */
  originOf({ socket }: IncomingMessage, head: RequestHead): Origin {
    const proto = socket instanceof TLSSocket ? 'https' : 'http'
    return readOrigin(head, { address: plainAddress(socket.remoteAddress), proto }, this.#trust)
  }

  /** Whether a request was sent by a trusted proxy. */
  trusts({ socket }: IncomingMessage): boolean {
    return this.#trust?.proxies.holds(plainAddress(socket.remoteAddress)) === true
  }

  /** An address as events keep it: not at all, as a hash that is the same until the next start, or whole. */
  recorded(ip: string): string {
    if (this.#parts.record === 'off') return ''
    if (this.#parts.record === 'full') return ip
    const known = this.#of(ip)
    known.hash ??= createHmac('sha256', this.#parts.salt).update(ip).digest('base64url').slice(0, 22)
    return known.hash
  }

  /** Whether a new connection may stay; its place is freed when it closes. Proxies hold as many as they like. */
  connect(socket: Socket): boolean {
    const ip = plainAddress(socket.remoteAddress)
    const { connectionsPerIp } = this.#rules
    if (connectionsPerIp === null || ip === '' || this.#trust?.proxies.holds(ip) === true) return true
    const { counters, clock } = this.#parts
    const known = this.#of(ip)
    known.connections ??= connectionsOf(ip, connectionsPerIp)
    const taken = [known.connections]
    const decision = this.#take(taken, clock.nowMs())
    if (decision === undefined) return true
    if (decision.outcome === 'admitted') {
      socket.once('close', () => counters.release(taken))
      return true
    }
    const detail = `more than ${connectionsPerIp} from ${ip}; a proxy belongs into gateway.trusted_proxies`
    this.#warn('connections of one address are closed (gateway.connections_per_ip)', detail)
    return false
  }

  /**
   * Counts a call whose key was not accepted; refuses it when its address sends too many of them.
   *
   * Calls with a good key never come here: an address may be shared with who guesses.
   */
  failedKey(ip: string, nowMs: number): Refusal | undefined {
    const { failedKeysPerMinute } = this.#rules
    if (failedKeysPerMinute === null || ip === '') return undefined
    const known = this.#of(ip)
    known.failedKeys ??= failedKeysOf(ip, failedKeysPerMinute)
    const decision = this.#take([known.failedKeys], nowMs)
    if (decision?.outcome !== 'refused') return undefined
    const seconds = Math.max(1, Math.ceil(((decision.resetAtMs[0] ?? nowMs) - nowMs) / 1000))
    return new Refusal(
      'too-many-failed-keys',
      'Too many calls from this address had a key that is not accepted.',
      {
        headers: ['Retry-After', String(seconds)],
      },
    )
  }

  #of(ip: string): Known {
    let known = this.#known.get(ip)
    if (known === undefined) {
      known = {}
      this.#known.set(ip, known)
    }
    return known
  }

  /**
   * undefined when there is no room to count: then nobody is turned away, for this protects, it does not
   * bill. It is asked again after a while only, since to look for room in a full table takes long.
   */
  #take(counters: readonly Counter[], nowMs: number): Decision | undefined {
    const monotonicMs = this.#parts.clock.monotonicMs()
    if (monotonicMs < this.#fullUntilMs) return undefined
    const decision = this.#parts.counters.take(counters, nowMs)
    if (decision.outcome !== 'full') return decision
    this.#fullUntilMs = monotonicMs + FULL_MS
    this.#warn('addresses are not limited', 'more of them call than can be counted')
    return undefined
  }

  #warn(what: string, detail: string): void {
    const nowMs = this.#parts.clock.monotonicMs()
    if (nowMs < this.#quietUntilMs) return
    this.#quietUntilMs = nowMs + QUIET_MS
    this.#parts.warn(what, detail)
  }
}

export interface ClientsParts {
  readonly rules: ClientRules
  readonly record: 'off' | 'hash' | 'full'
  /** Keys the hash of addresses, the same on all threads. */
  readonly salt: string
  /**
   * Shared by all threads of this process, and used for nothing else: anybody can make it full, and what
   * tenants are limited by must not suffer from that.
   */
  readonly counters: LocalCounterStore
  readonly clock: Clock
  readonly warn: (what: string, detail: string) => void
}

/** What was worked out of an address so far. */
interface Known {
  connections?: Counter
  failedKeys?: Counter
  hash?: string
}

function connectionsOf(ip: string, amount: number): Counter {
  return counterOf(ip, { id: 'connections', kind: 'concurrent', amount, windowMs: 0 })
}

function failedKeysOf(ip: string, amount: number): Counter {
  const kind = amount > LOG_LIMIT ? 'steps' : 'log'
  return counterOf(ip, { id: 'failed-keys', kind, amount, windowMs: MINUTE_MS })
}

function counterOf(ip: string, counts: Pick<CounterSpec, 'id' | 'kind' | 'amount' | 'windowMs'>): Counter {
  const network = ipNetwork(ip)
  return new Counter({ ...counts, tenantId: network, name: `${network} ${counts.id}`, cost: 1 })
}
