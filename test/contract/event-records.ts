import { beforeEach, describe, expect, test } from 'vitest'
import type { Token } from '../../src/model/token.ts'
import type { ControlStore } from '../../src/storage/ports/control-store.ts'
import type { TakenEvent } from '../../src/storage/ports/events.ts'
import type { UnattributedEvent } from '../../src/storage/ports/unattributed.ts'
import { NOON } from '../support/control-store.ts'

/** The part of the ControlStore's promises that is about tokens and events with ids of their senders. */
export function eventContract(
  opened: () => { store: ControlStore; openAgain: () => Promise<ControlStore> },
): void {
  let store: ControlStore

  beforeEach(() => {
    store = opened().store
  })

  describe('tokens', () => {
    test('a token comes back as it was put in, by id and by hash, and is listed newest first', async () => {
      const first = token({ expiresAtMs: NOON + 5 })
      const second = token({ id: 'tok_2', hash: 'h2', scopes: ['read', 'write'], createdAtMs: NOON + 1 })
      for (const each of [first, second]) await store.tokens.insert(each)
      expect(await store.tokens.find('tok_1')).toEqual(first)
      expect(await store.tokens.find('tok_9')).toBeUndefined()
      expect(await store.tokens.findByHash('h2')).toEqual(second)
      expect(await store.tokens.findByHash('h9')).toBeUndefined()
      expect(await store.tokens.list()).toEqual([second, first])
    })

    test('no two tokens have one hash', async () => {
      await store.tokens.insert(token())
      await expect(store.tokens.insert(token({ id: 'tok_2' }))).rejects.toThrow()
    })

    test('is revoked once, and stays readable', async () => {
      await store.tokens.insert(token())
      expect(await store.tokens.revoke('tok_1', NOON + 7)).toBe(true)
      expect(await store.tokens.revoke('tok_1', NOON + 8)).toBe(false)
      expect(await store.tokens.revoke('tok_9', NOON)).toBe(false)
      expect(await store.tokens.findByHash('hash')).toEqual(token({ revokedAtMs: NOON + 7 }))
    })
  })

  describe('ids of events', () => {
    test('an id is taken once; who comes later learns what took it', async () => {
      const first = taken({ matched: ['tokens', 'images'], late: true, adjustment: true })
      expect(await store.events.take([first])).toEqual([undefined])
      const again = () => taken({ hash: 'other' })
      const fresh = taken({ id: 'txn_2', matched: [] })
      expect(await store.events.take([again(), fresh])).toEqual([first, undefined])
      expect(await store.events.take([taken({ id: 'txn_2' }), again()])).toEqual([fresh, first])
    })

    test.each([{ tenantId: 'bolt' }, { source: 'other' }, { id: 'Txn_1' }])(
      'a different %o is a different id',
      async (difference) => {
        await store.events.take([taken()])
        expect(await store.events.take([taken(difference)])).toEqual([undefined])
      },
    )

    test('what took an id can be looked up', async () => {
      const event = taken({ matched: [] })
      await store.events.take([event])
      expect(await store.events.find([event, taken({ id: 'free' })])).toEqual([event])
    })

    test('of thousands at once none is missed, in whatever order they come again', async () => {
      const many = Array.from({ length: 1_000 }, (_, index) => taken({ id: `txn_${(index * 7) % 1_000}` }))
      expect(await store.events.take(many)).toEqual(many.map(() => undefined))
      const turned = [...many].reverse()
      const again = turned.map(({ id }) => taken({ id }))
      expect(await store.events.take([...again, taken({ id: 'new' })])).toEqual([...turned, undefined])
    })

    test('an id of a transaction that broke off is free', async () => {
      const failed = store.transaction(async ({ events }) => {
        await events.take([taken()])
        throw new Error('the power went')
      })
      await expect(failed).rejects.toThrow('the power went')
      expect(await store.events.take([taken({ hash: 'other' })])).toEqual([undefined])
    })

    test('of many who race for one id, one has it', async () => {
      const other = await opened().openAgain()
      const outcomes = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          (index % 2 === 0 ? store : other).transaction(({ events }) =>
            events.take([taken({ eventId: `event_${index}` })]),
          ),
        ),
      )
      const lost = outcomes.flat().filter((each) => each !== undefined)
      expect(lost).toHaveLength(9)
      expect(new Set(lost.map(({ eventId }) => eventId)).size).toBe(1)
    })

    test('batches wait, oldest first, until they are removed', async () => {
      const batches = [
        { firstSeq: 1, count: 3, lines: 'a' },
        { firstSeq: 4, count: 1, lines: 'b' },
        { firstSeq: 5, count: 2, lines: 'c' },
      ]
      for (const batch of batches) await store.events.insertBatch(batch)
      expect(await store.events.batchesAfter(0, 10)).toEqual(batches)
      expect(await store.events.batchesAfter(2, 10)).toEqual(batches)
      expect(await store.events.batchesAfter(3, 1)).toEqual([batches[1]])
      expect(await store.events.batchesAfter(6, 10)).toEqual([])
      await store.events.removeBatches(5)
      expect(await store.events.batchesAfter(0, 10)).toEqual([batches[2]])
    })
  })

  describe('what could not be counted', () => {
    test('is kept once, with how often it came', async () => {
      expect(await store.unattributed.any()).toBe(false)
      await store.unattributed.put([lost()])
      await store.unattributed.put([lost({ reason: 'no-meter', firstAtMs: NOON + 9, lastAtMs: NOON + 9 })])
      expect(await store.unattributed.any()).toBe(true)
      const kept = lost({ reason: 'no-meter', times: 2, lastAtMs: NOON + 9 })
      expect(await store.unattributed.list({ limit: 10 })).toEqual([kept])
      expect(await store.unattributed.find([lost(), lost({ id: 'other' })])).toEqual([kept])
      expect(await store.unattributed.count()).toEqual({
        'unknown-tenant': 0,
        'no-meter': 1,
        'idempotency-conflict': 0,
      })
    })

    test('what has another hash is another one; a conflict stays when the rest is resolved', async () => {
      const conflict = lost({ hash: 'h2', reason: 'idempotency-conflict' })
      await store.unattributed.put([lost(), conflict])
      await store.unattributed.resolve([lost({ hash: 'h3' }), conflict])
      expect(await store.unattributed.list({ limit: 10 })).toHaveLength(2)
      await store.unattributed.resolve([lost()])
      expect(await store.unattributed.list({ limit: 10 })).toEqual([conflict])
    })

    test('is listed by when it came, page by page, and by reason', async () => {
      const all = Array.from({ length: 150 }, (_, index) =>
        lost({ id: `txn_${String(index).padStart(3, '0')}`, firstAtMs: NOON + Math.floor(index / 10) }),
      )
      await store.unattributed.put(all.toReversed())
      const pages: UnattributedEvent[] = []
      for (;;) {
        const page = await store.unattributed.list({ limit: 40, after: pages.at(-1) })
        if (page.length === 0) break
        pages.push(...page)
      }
      expect(pages).toEqual(all)
      expect(await store.unattributed.find(all)).toHaveLength(150)
      expect(await store.unattributed.list({ reason: 'no-meter', limit: 10 })).toEqual([])
      await store.unattributed.resolve(all.slice(0, 149))
      expect(await store.unattributed.list({ limit: 10 })).toEqual([all[149]])
    })
  })
}

function token(overrides: Partial<Token> = {}): Token {
  return {
    id: 'tok_1',
    name: 'job',
    scopes: ['events'],
    hash: 'hash',
    masked: 'gzt_ab12…wxyz',
    createdBy: 'cli:ann',
    createdAtMs: NOON,
    expiresAtMs: null,
    revokedAtMs: null,
    ...overrides,
  }
}

let eventIds = 0

/** No two events have one id of ours. */
function nextEventId(): string {
  eventIds += 1
  return `01KJKT8Z00ABCDE001${String(eventIds).padStart(8, '0')}`
}

function taken(overrides: Partial<TakenEvent> = {}): TakenEvent {
  return {
    tenantId: 'acme',
    source: '',
    id: 'txn_1',
    eventId: nextEventId(),
    hash: 'hash',
    matched: ['tokens'],
    late: false,
    adjustment: false,
    receivedAtMs: NOON,
    ...overrides,
  }
}

function lost(overrides: Partial<UnattributedEvent> = {}): UnattributedEvent {
  return {
    tenant: 'nobody',
    source: '',
    id: 'txn_1',
    reason: 'unknown-tenant',
    hash: 'hash',
    body: '{"metric":"tokens"}',
    times: 1,
    firstAtMs: NOON,
    lastAtMs: NOON,
    ...overrides,
  }
}
