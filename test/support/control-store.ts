import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type Clock, ManualClock } from '../../src/lib/clock.ts'
import type { Key } from '../../src/model/key.ts'
import type { Plan } from '../../src/model/plan.ts'
import type { Subscription, Tenant } from '../../src/model/tenant.ts'
import { openControlStore } from '../../src/storage/open.ts'
import type { ControlStore } from '../../src/storage/ports/control-store.ts'
import { tempDir } from './temp-dir.ts'

/** Noon of an ordinary day: 2026-03-10T12:00Z. */
export const NOON = Date.UTC(2026, 2, 10, 12)

/** Where the stores of a test lie: the part of the configuration that `openControlStore` reads. */
export function storesIn(folder: string) {
  const control = { driver: 'sqlite', path: join(folder, '.gatez', 'gatez.db') } as const
  return {
    stores: {
      control,
      counters: { driver: 'memory' },
      usage: { driver: 'sqlite', path: join(folder, '.gatez', 'usage.db') },
      dataDir: join(folder, '.gatez'),
    },
  } as const
}

/** A control store on a file of its own, and the clock it goes by. Closed when the test is over. */
export async function testStore(folder = tempDir(), clock = new ManualClock(NOON)) {
  const store = await openFor(folder, clock)
  return { store, clock, folder, actor: 'cli:test', billing: { period: 'month', timezone: 'UTC' } } as const
}

/** One more connection to the control store of `folder`. */
export async function openFor(folder: string, clock: Clock): Promise<ControlStore> {
  const store = await openControlStore(storesIn(folder), clock)
  onTestFinished(() => store[Symbol.asyncDispose]())
  return store
}

/** A plan that opens everything; `overrides` say what differs. */
export function plan(overrides: Partial<Plan> = {}): Plan {
  return {
    id: 'free',
    name: 'Free',
    support: null,
    routes: 'all',
    features: [],
    keys: { max: 1, approval: 'auto' },
    limits: [],
    quotas: [],
    charges: [],
    ...overrides,
  }
}

/** Free: one key, at once. Pro: five keys, approved by hand. Open: any number of keys. */
export const PLANS: readonly Plan[] = [
  plan(),
  plan({ id: 'pro', name: 'Pro', features: ['ai'], keys: { max: 5, approval: 'manual' } }),
  plan({ id: 'open', name: 'Open', keys: { max: null, approval: 'auto' } }),
]

/** Puts plans in force. */
export async function putPlans(store: ControlStore, plans: readonly Plan[] = PLANS): Promise<void> {
  await store.transaction(async (tables) => {
    for (const [position, each] of plans.entries()) {
      await tables.plans.insertVersion(each, `hash-${each.id}`, position, NOON)
    }
  })
}

/** An active tenant `acme`; `overrides` say what differs. */
export function tenant(overrides: Partial<Tenant> = {}): Tenant {
  return {
    id: 'acme',
    name: 'Acme',
    externalId: null,
    state: 'active',
    overrides: null,
    createdAtMs: NOON,
    ...overrides,
  }
}

/** A developer of `acme`. */
export function member(id: string, email: string) {
  return { id, tenantId: 'acme', email, role: 'developer', createdAtMs: NOON } as const
}

/** `acme` on version 1 of plan `free` since noon. */
export function subscription(overrides: Partial<Subscription> = {}): Subscription {
  return {
    id: 'sub_1',
    tenantId: 'acme',
    planId: 'free',
    planVersion: 1,
    startMs: NOON,
    endMs: null,
    ...overrides,
  }
}

/** An active key of `acme`. */
export function key(overrides: Partial<Key> = {}): Key {
  return {
    id: 'key_1',
    tenantId: 'acme',
    name: 'default',
    mode: 'live',
    state: 'active',
    hash: 'hash',
    masked: 'gz_live_ab12…wxyz',
    reason: null,
    requestedBy: 'cli:ann',
    decidedBy: null,
    decisionReason: null,
    createdAtMs: NOON,
    decidedAtMs: null,
    revealedAtMs: null,
    revokedAtMs: null,
    expiresAtMs: null,
    replacedById: null,
    routes: null,
    ips: null,
    ...overrides,
  }
}
