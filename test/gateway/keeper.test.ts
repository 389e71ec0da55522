import { describe, expect, onTestFinished, test } from 'vitest'
import { Keeper, UPKEEP_MS } from '../../src/gateway/keeper.ts'
import type { KeeperRequest, SentAnswer } from '../../src/gateway/keeper-messages.ts'
import { ManualClock } from '../../src/lib/clock.ts'
import { openUsageLog } from '../../src/storage/open.ts'
import type { KeptAnswerStore } from '../../src/storage/ports/kept-answers.ts'
import { NOON, openFor, storesIn } from '../support/control-store.ts'
import { tempDir } from '../support/temp-dir.ts'

const HOUR = 3_600_000

const ANSWER: SentAnswer = {
  status: 200,
  statusText: null,
  fields: [],
  requestId: 'mine',
  body: Buffer.from('done'),
}

/** A keeper on SQLite; what `failing` names fails from then on. */
async function scene() {
  const folder = tempDir()
  const clock = new ManualClock(NOON)
  const opened = await openUsageLog(storesIn(folder))
  onTestFinished(() => opened[Symbol.asyncDispose]())
  const { keptAnswers } = await openFor(folder, clock)
  const failing = new Set<string>()
  const store = failingWhen(failing, keptAnswers)
  const usageLog = failingWhen(failing, opened)
  const keeper = new Keeper({ store, usageLog, owner: { nodeId: 'node-1', epoch: 1 }, clock })
  const place = { tenantId: 'acme', routeId: 'orders' }
  const ask = (request: KeeperRequest) => keeper.handle(request)
  return {
    clock,
    failing,
    store,
    claim: (key: string, eventId: string, keepMs = 24 * HOUR) =>
      ask({ kind: 'claim', id: 1, holder: { ...place, key, eventId }, fingerprint: 'f', keepMs }),
    release: (key: string, eventId: string) =>
      ask({ kind: 'release', id: 1, holder: { ...place, key, eventId } }),
    keep: (key: string, eventId: string) =>
      ask({ kind: 'keep', id: 1, holder: { ...place, key, eventId }, answer: ANSWER, keepMs: HOUR }),
    /** Lets time go by as the keeper thread sees it. */
    async pass(ms: number) {
      for (let passed = 0; passed < ms; passed += UPKEEP_MS) {
        clock.advance(UPKEEP_MS)
        await keeper.upkeep()
      }
    },
  }
}

function failingWhen<Target extends KeptAnswerStore | { find: unknown }>(
  names: ReadonlySet<string>,
  target: Target,
): Target {
  return new Proxy(target, {
    get(object, name) {
      if (names.has(String(name))) return () => Promise.reject(new Error('database is locked'))
      const value = Reflect.get(object, name)
      return typeof value === 'function' ? value.bind(object) : value
    },
  })
}

describe('a key is free a minute after', () => {
  test.each(['release', 'keep'] as const)(
    'its %s failed, though other calls run all the time',
    async (what) => {
      const { claim, pass, failing, ...keeper } = await scene()
      await claim('k1', 'first')
      await claim('k2', 'other')
      failing.add(what)
      await expect(keeper[what]('k1', 'first')).rejects.toThrow('database is locked')
      failing.delete(what)
      expect(await claim('k1', 'second')).toEqual({ kind: 'running' })
      await pass(60_000)
      expect(await claim('k1', 'second')).toMatchObject({ kind: 'claimed' })
      expect(await claim('k2', 'another')).toEqual({ kind: 'running' })
    },
  )

  test('it was taken for a call that could not be told so', async () => {
    const { claim, pass, failing, store, clock } = await scene()
    const dead = { nodeId: 'node-2', epoch: 1 }
    const place = { tenantId: 'acme', routeId: 'orders', key: 'k1', eventId: 'broke-off' }
    const times = { nowMs: NOON, leaseUntilMs: NOON, expiresAtMs: NOON + HOUR }
    await store.claim({ ...place, owner: dead, fingerprint: 'f', ...times })
    clock.advance(1)
    failing.add('find')
    await expect(claim('k1', 'first')).rejects.toThrow('database is locked')
    failing.delete('find')
    await pass(60_000)
    expect(await claim('k1', 'second')).toMatchObject({ kind: 'claimed' })
  })
})

test('a call that takes long holds its key all the while', async () => {
  const { claim, pass } = await scene()
  await claim('k1', 'first')
  await pass(10 * 60_000)
  expect(await claim('k1', 'second')).toEqual({ kind: 'running' })
})
