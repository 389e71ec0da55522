import { describe, expect, test } from 'vitest'
import type { ControlStore } from '../../src/storage/ports/control-store.ts'
import type { QuotaAlert } from '../../src/storage/ports/quotas.ts'
import { rollup } from '../support/rollups.ts'

const NODE = { nodeId: 'node_a', epoch: 1 }
const ALERT: QuotaAlert = {
  ...{ tenantId: 'acme', planId: 'pro', quotaId: 'calls-month', periodMs: 0, threshold: 80 },
  ...{ used: '8', included: '10', atMs: 5 },
}

/** What every QuotaStore promises. */
export function quotaContract(open: () => ControlStore): void {
  describe('quotas', () => {
    test('each addition to the ledger leaves a note of what is billable, which is taken once', async () => {
      const store = open()
      const entries = [
        rollup({ requests: 2, quantities: { tokens: '0.1' } }),
        rollup({ requests: 3, keyId: 'key_2', quantities: { tokens: '0.2' } }),
        rollup({ requests: 9, billable: false }),
        rollup({ requests: 4, tenantId: 'globex', subscriptionId: 'sub_9' }),
      ]
      expect(await store.quotas.hasNotes()).toBe(false)
      await store.ledger.apply(entries, { ...NODE, afterSeq: 0, throughSeq: 4 })
      expect(await store.quotas.takeNotes(1)).toMatchObject([
        {
          tenantId: 'acme',
          subscriptionId: 'sub_1',
          requests: 5,
          usageUnits: 2,
          quantities: { tokens: '0.3' },
        },
      ])
      expect(await store.quotas.takeNotes(5)).toMatchObject([{ tenantId: 'globex', requests: 4 }])
      expect(await store.quotas.hasNotes()).toBe(false)
    })

    test('what was refused as applied before leaves no second note', async () => {
      const store = open()
      const advance = { ...NODE, afterSeq: 0, throughSeq: 1 }
      expect(await store.ledger.apply([rollup({})], advance)).toBe(true)
      expect(await store.ledger.apply([rollup({})], advance)).toBe(false)
      expect(await store.quotas.takeNotes(5)).toHaveLength(1)
    })

    test('notes taken in a transaction that fails are there again', async () => {
      const store = open()
      await store.ledger.apply([rollup({})], { ...NODE, afterSeq: 0, throughSeq: 1 })
      const failing = store.transaction(async (tables) => {
        expect(await tables.quotas.takeNotes(5)).toHaveLength(1)
        throw new Error('the power fails')
      })
      await expect(failing).rejects.toThrow('the power fails')
      expect(await store.quotas.takeNotes(5)).toHaveLength(1)
    })

    test('use is kept by period, exactly, and a threshold is told once', async () => {
      const store = open()
      const place = { tenantId: 'acme', meterId: 'tokens', fromMs: 0, toMs: 1_000 }
      expect(await store.quotas.used(place)).toBeUndefined()
      await store.quotas.setUsed(place, '0.000000000000001')
      await store.quotas.setUsed(place, '123456789012345678901234.000000000000001')
      expect(await store.quotas.used(place)).toBe('123456789012345678901234.000000000000001')
      expect(await store.quotas.used({ ...place, fromMs: 1 })).toBeUndefined()
      expect([await store.quotas.tell(ALERT), await store.quotas.tell({ ...ALERT, atMs: 9 })]).toEqual([
        true,
        false,
      ])
      expect(await store.quotas.tell({ ...ALERT, threshold: 100 })).toBe(true)
      expect(await store.quotas.told('acme', 0)).toEqual([ALERT, { ...ALERT, threshold: 100 }])
      expect(await store.quotas.told('acme', 1)).toEqual([])
      await store.quotas.forget(1_001)
      expect(await store.quotas.used(place)).toBeUndefined()
      expect(await store.quotas.told('acme', 0)).toEqual([])
    })
  })
}
