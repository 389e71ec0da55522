import { beforeEach, describe, expect, test } from 'vitest'
import { ManualClock } from '../../src/lib/clock.ts'
import type { Claim, KeptAnswer, KeptAnswerStore } from '../../src/storage/ports/kept-answers.ts'
import { NOON } from '../support/control-store.ts'
import type { ControlStoreDriver } from './control-store.ts'

const HOUR = 3_600_000

/** What the first call with a key gets. */
const FIRST = { kind: 'claimed', earlierIds: [], billedBefore: false } as const

/** A claim at noon that is renewed until one, and remembered until tomorrow; `parts` say what differs. */
function claim(parts: Partial<Claim> = {}): Claim {
  return {
    tenantId: 'acme',
    routeId: 'charge',
    key: 'k-1',
    eventId: 'event-1',
    owner: { nodeId: 'node-1', epoch: 1 },
    fingerprint: 'f',
    nowMs: NOON,
    leaseUntilMs: NOON + HOUR,
    expiresAtMs: NOON + 24 * HOUR,
    ...parts,
  }
}

function answer(parts: Partial<KeptAnswer> = {}): KeptAnswer {
  const fields = ['content-type', 'text/plain', 'set-cookie', 'a=b', 'set-cookie', 'c=d']
  return {
    status: 201,
    statusText: null,
    fields,
    requestId: 'mine',
    body: Buffer.from([0, 255, 10]),
    ...parts,
  }
}

/** What every store of kept answers promises. */
export function keptAnswersContract(driver: ControlStoreDriver): void {
  describe(`kept answers on ${driver.name}`, () => {
    let store: KeptAnswerStore
    let other: KeptAnswerStore

    beforeEach(async () => {
      const opened = await driver.open(new ManualClock(NOON))
      store = opened.store.keptAnswers
      other = (await opened.openAgain()).keptAnswers
    })

    const end = NOON + 24 * HOUR

    test('the first call with a key gets it, another meanwhile does not', async () => {
      expect(await store.claim(claim())).toEqual(FIRST)
      expect(await other.claim(claim({ eventId: 'event-2' }))).toEqual({ kind: 'running' })
    })

    test('of calls that race for a key, one gets it', async () => {
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          (index % 2 === 0 ? store : other).claim(claim({ eventId: `event-${index}` })),
        ),
      )
      expect(outcomes.filter(({ kind }) => kind === 'claimed')).toHaveLength(1)
      expect(outcomes.filter(({ kind }) => kind === 'running')).toHaveLength(19)
    })

    test('a call that is sent again gets the answer of the first, to the byte', async () => {
      await store.claim(claim())
      expect(await store.keep(claim(), answer(), end)).toBe(true)
      expect(await other.claim(claim({ eventId: 'event-2' }))).toEqual({
        kind: 'answered',
        eventId: 'event-1',
        answer: answer(),
      })
    })

    test.each([{ tenantId: 'globex' }, { routeId: 'refund' }, { key: 'k-2' }])(
      'a key holds for one tenant, route and key: %o is another',
      async (difference) => {
        await store.claim(claim())
        expect(await store.claim(claim({ ...difference, eventId: 'event-2' }))).toMatchObject({
          kind: 'claimed',
        })
      },
    )

    test('another request with the key is told so, under way or answered', async () => {
      await store.claim(claim())
      const wrong = claim({ eventId: 'event-2', fingerprint: 'g' })
      expect(await store.claim(wrong)).toEqual({ kind: 'mismatch' })
      await store.keep(claim(), answer(), end)
      expect(await store.claim(wrong)).toEqual({ kind: 'mismatch' })
    })

    test('a key that was given back is free; one with an answer is not given back', async () => {
      await store.claim(claim())
      await store.release(claim({ eventId: 'event-9' }))
      expect(await store.claim(claim({ eventId: 'event-2' }))).toEqual({ kind: 'running' })
      await store.release(claim())
      expect(await store.claim(claim({ eventId: 'event-2' }))).toEqual(FIRST)
      await store.keep(claim({ eventId: 'event-2' }), answer(), end)
      await store.release(claim({ eventId: 'event-2' }))
      expect(await store.claim(claim({ eventId: 'event-3' }))).toMatchObject({ kind: 'answered' })
    })

    test('a key that was given back by a call on the bill is free, and says so for as long as an answer is kept', async () => {
      await store.claim(claim())
      await store.releaseBilled(claim({ eventId: 'event-9' }), end)
      expect(await store.claim(claim({ eventId: 'event-2' }))).toEqual({ kind: 'running' })
      await store.releaseBilled(claim(), NOON + 25 * HOUR)
      expect(await other.claim(claim({ eventId: 'event-2', fingerprint: 'g' }))).toEqual({ kind: 'mismatch' })
      const billed = { kind: 'claimed', earlierIds: ['event-1'], billedBefore: true }
      const times = { nowMs: end, leaseUntilMs: end + HOUR, expiresAtMs: end + 24 * HOUR }
      for (const eventId of ['event-2', 'event-3']) {
        const next = claim({ eventId, ...times })
        expect(await other.claim(next)).toEqual(billed)
        expect(await store.claim(claim({ ...times, eventId: 'event-9' }))).toEqual({ kind: 'running' })
        // It came to nothing: what was billed before it stays billed.
        await other.release(next)
      }
      const late = claim({ eventId: 'event-4', nowMs: times.expiresAtMs })
      expect(await store.claim(late)).toEqual(FIRST)
    })

    test('however many come to nothing, the calls that broke off before them are known', async () => {
      await store.claim(claim())
      const owner = { nodeId: 'node-1', epoch: 2 }
      for (let index = 0; index < 30; index += 1) {
        const next = claim({ eventId: `next-${index}`, owner })
        expect(await store.claim(next)).toEqual({ ...FIRST, earlierIds: ['event-1'] })
        await store.release(next)
      }
    })

    test('an answer can be kept for a call whose key was given back as billed before', async () => {
      await store.claim(claim())
      await store.releaseBilled(claim(), end)
      await store.claim(claim({ eventId: 'event-2' }))
      expect(await store.keep(claim({ eventId: 'event-2' }), answer(), end)).toBe(true)
      await store.releaseBilled(claim({ eventId: 'event-2' }), end)
      expect(await store.claim(claim({ eventId: 'event-3' }))).toMatchObject({ kind: 'answered' })
    })

    test.each([
      { next: claim({ owner: { nodeId: 'node-1', epoch: 2 } }), why: 'its node started again' },
      {
        next: claim({ owner: { nodeId: 'node-2', epoch: 1 }, nowMs: NOON + HOUR }),
        why: 'no one renewed it',
      },
    ])('a call that broke off blocks none for ever: $why', async ({ next }) => {
      await store.claim(claim())
      const second = { ...next, eventId: 'event-2' }
      expect(await store.claim(second)).toEqual({ ...FIRST, earlierIds: ['event-1'] })
      // Whoever held it before holds it no more.
      expect(await store.keep(claim(), answer(), end)).toBe(false)
      await store.release(claim())
      const third = { ...second, eventId: 'event-3', owner: { nodeId: 'node-2', epoch: 9 } }
      expect(await store.claim({ ...third, nowMs: third.leaseUntilMs })).toEqual({
        ...FIRST,
        earlierIds: ['event-1', 'event-2'],
      })
    })

    test('calls that are renewed are not taken over, others of their node are', async () => {
      const keys = Array.from({ length: 75 }, (_, index) => `k-${index}`)
      for (const key of [...keys, 'other']) await store.claim(claim({ key, eventId: `first-${key}` }))
      const renewed = keys.map((key) => `first-${key}`)
      await store.renew({ nodeId: 'node-1', epoch: 1 }, renewed, NOON + 3 * HOUR)
      const late = claim({
        eventId: 'event-2',
        nowMs: NOON + 2 * HOUR,
        owner: { nodeId: 'node-2', epoch: 1 },
      })
      for (const key of keys) expect(await store.claim({ ...late, key })).toEqual({ kind: 'running' })
      expect(await store.claim({ ...late, key: 'other' })).toMatchObject({ kind: 'claimed' })
    })

    test('a key whose time is over is as if it was never used', async () => {
      await store.claim(claim())
      await store.keep(claim(), answer(), NOON + HOUR)
      const later = claim({ eventId: 'event-2', fingerprint: 'other', nowMs: NOON + HOUR })
      expect(await store.claim(later)).toEqual(FIRST)
    })

    test('a call that takes longer than its answer is kept holds its key until it is over', async () => {
      const short = { expiresAtMs: NOON + 1_000 }
      await store.claim(claim(short))
      const nowMs = NOON + 2_000
      expect(await store.removeExpired(nowMs, 10)).toBe(0)
      const second = claim({ eventId: 'event-2', nowMs })
      expect(await store.claim(second)).toEqual({ kind: 'running' })
      expect(await store.keep(claim(), answer(), nowMs + 1_000)).toBe(true)
      expect(await store.claim(second)).toMatchObject({ kind: 'answered', eventId: 'event-1' })
    })

    test('of a call that broke off and whose time is over nothing is left', async () => {
      await store.claim(claim({ key: 'a', expiresAtMs: NOON + 1_000 }))
      await store.claim(claim({ key: 'b', expiresAtMs: NOON + 1_000 }))
      const later = claim({ key: 'a', eventId: 'event-2', nowMs: NOON + HOUR })
      expect(await store.claim(later)).toMatchObject({ kind: 'claimed', earlierIds: [] })
      expect(await store.removeExpired(NOON + HOUR, 10)).toBe(1)
    })

    test('what expired is removed, a few at a time', async () => {
      for (const key of ['a', 'b', 'c', 'd']) {
        await store.claim(claim({ key }))
        await store.keep(claim({ key }), answer(), key === 'd' ? end : NOON + HOUR)
      }
      expect(await store.removeExpired(NOON + HOUR, 2)).toBe(2)
      expect(await store.removeExpired(NOON + HOUR, 2)).toBe(1)
      expect(await store.bytesOf('acme')).toBe(3)
    })

    test('the oldest answers of a tenant make room, those under way and of others stay', async () => {
      for (const [index, key] of ['a', 'b', 'c'].entries()) {
        await store.claim(claim({ key }))
        await store.keep(claim({ key }), answer({ body: Buffer.alloc(100) }), end + index)
      }
      await store.claim(claim({ key: 'running' }))
      await store.claim(claim({ tenantId: 'globex' }))
      await store.keep(claim({ tenantId: 'globex' }), answer({ body: Buffer.alloc(100) }), end)
      expect(await store.bytesOf('acme')).toBe(300)
      expect(await store.trim('acme', 150)).toBe(100)
      expect(await store.claim(claim({ key: 'c' }))).toMatchObject({ kind: 'answered' })
      expect(await store.claim(claim({ key: 'a', eventId: 'again' }))).toMatchObject({ kind: 'claimed' })
      expect(await store.claim(claim({ key: 'running' }))).toEqual({ kind: 'running' })
      expect(await store.bytesOf('globex')).toBe(100)
    })
  })
}
