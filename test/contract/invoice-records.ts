import { beforeEach, describe, expect, test } from 'vitest'
import type { InvoiceEntry } from '../../src/model/invoice.ts'
import type { ControlStore } from '../../src/storage/ports/control-store.ts'
import { NOON, tenant } from '../support/control-store.ts'
import { invoice } from '../support/invoice.ts'

/** The part of the ControlStore's promises that is about invoices and leases. */
export function invoiceContract(
  opened: () => { store: ControlStore; openAgain: () => Promise<ControlStore> },
): void {
  describe('billing', () => {
    let store: ControlStore

    beforeEach(async () => {
      store = opened().store
      for (const id of ['acme', 'bolt']) await store.tenants.insert(tenant({ id }))
    })

    describe('invoices', () => {
      test('come back as they were put in, by id and by number, in the order of period and tenant', async () => {
        const later = invoice({ id: 'inv_3', number: 'INV-3', period: { startMs: 100, endMs: 200 } })
        const other = invoice({ id: 'inv_2', number: null, tenantId: 'bolt', totalMinor: 10n ** 20n })
        await store.invoices.insert([later, other, invoice()])
        expect(await store.invoices.find('inv_2')).toEqual(other)
        expect(await store.invoices.find('INV-3')).toEqual(later)
        expect(await store.invoices.find('INV-9')).toBeUndefined()
        expect((await store.invoices.list({})).map(({ id }) => id)).toEqual(['inv_1', 'inv_2', 'inv_3'])
      })

      test('are listed by tenant, state, period and due date', async () => {
        await store.invoices.insert([
          invoice(),
          invoice({ id: 'inv_2', number: 'INV-2', tenantId: 'bolt', state: 'paid', dueAtMs: null }),
          invoice({ id: 'inv_3', number: 'INV-3', period: { startMs: 100, endMs: 200 }, dueAtMs: NOON + 9 }),
        ])
        const ids = async (filter: Parameters<typeof store.invoices.list>[0]) =>
          (await store.invoices.list(filter)).map(({ id }) => id)
        expect(await ids({ tenantId: 'bolt' })).toEqual(['inv_2'])
        expect(await ids({ states: ['open'] })).toEqual(['inv_1', 'inv_3'])
        expect(await ids({ within: { startMs: 0, endMs: 100 } })).toEqual(['inv_1', 'inv_2'])
        expect(await ids({ dueBeforeMs: NOON + 9 })).toEqual(['inv_1'])
      })

      test('there is one for a tenant, period and attempt, and a group that has another is not written at all', async () => {
        await store.invoices.insert([invoice()])
        const twice = invoice({ id: 'inv_2', number: 'INV-2' })
        await expect(
          store.transaction((tables) =>
            tables.invoices.insert([invoice({ id: 'inv_3', number: 'INV-3', tenantId: 'bolt' }), twice]),
          ),
        ).rejects.toThrow()
        expect(await store.invoices.list({})).toHaveLength(1)
      })

      test('an update changes state, number, dates and sums, and never what it says', async () => {
        await store.invoices.insert([invoice({ number: null, state: 'draft' })])
        const issued = invoice({
          number: 'INV-7',
          state: 'open',
          issuedAtMs: 5,
          dueAtMs: 6,
          paidMinor: 3n,
          creditedMinor: 2n,
        })
        await store.invoices.update({ ...issued, content: { ...issued.content, tenantName: 'Other' } })
        expect(await store.invoices.find('INV-7')).toEqual(issued)
      })

      test('numbers of a series go on without a gap; those of a broken-off transaction are given again', async () => {
        expect(await store.invoices.takeNumbers('INV-2026', 3)).toBe(1)
        const broken = store.transaction(async (tables) => {
          expect(await tables.invoices.takeNumbers('INV-2026', 5)).toBe(4)
          throw new Error('broken off')
        })
        await expect(broken).rejects.toThrow('broken off')
        expect(await store.invoices.takeNumbers('INV-2026', 1)).toBe(4)
        expect(await store.invoices.takeNumbers('CN-2026', 1)).toBe(1)
      })

      test('an entry is written once by its key, and entries come in their order', async () => {
        await store.invoices.insert([invoice()])
        expect(await store.invoices.insertEntry(entry())).toBe(true)
        expect(await store.invoices.insertEntry(entry({ amountMinor: 9n }))).toBe(false)
        expect(await store.invoices.insertEntry(entry({ key: 'b', kind: 'sent' }))).toBe(true)
        expect((await store.invoices.entries('inv_1')).map(({ key }) => key)).toEqual(['a', 'b'])
        expect((await store.invoices.entries('inv_1'))[0]).toEqual(entry())
        await store.invoices.insert([invoice({ id: 'inv_2', number: 'INV-2', tenantId: 'bolt' })])
        await store.invoices.insertEntry(entry({ invoiceId: 'inv_2', key: 'c' }))
        const ofBoth = await store.invoices.entriesOf(['inv_2', 'inv_1', 'inv_9'])
        expect(ofBoth.map(({ key }) => key)).toEqual(['a', 'b', 'c'])
      })

      test('credit of a tenant is what its entries add up to, in each currency', async () => {
        await store.invoices.insert([invoice(), invoice({ id: 'inv_2', number: 'INV-2', tenantId: 'bolt' })])
        await store.invoices.insertEntry(entry({ creditMinor: 500n }))
        await store.invoices.insertEntry(entry({ key: 'b', creditMinor: -200n }))
        await store.invoices.insertEntry(entry({ key: 'c', creditMinor: 7n, currency: 'EUR' }))
        expect(await store.invoices.creditOf('acme', 'USD')).toBe(300n)
        expect(await store.invoices.creditOf('bolt', 'USD')).toBe(0n)
        expect(await store.invoices.credits('USD')).toEqual(new Map([['acme', 300n]]))
      })

      test('a period is closed once, and looked at again; two may begin on one day', async () => {
        const row = { startMs: 0, endMs: 100, closedAtMs: 5, seals: 'x' }
        await store.invoices.closePeriod(row)
        await store.invoices.closePeriod({ ...row, closedAtMs: 9, seals: 'y' })
        await store.invoices.closePeriod({ ...row, endMs: 110 })
        expect(await store.invoices.closedPeriods()).toEqual([
          { ...row, seals: 'y' },
          { ...row, endMs: 110 },
        ])
      })
    })

    describe('usage exports', () => {
      const span = { target: 'stripe', fromMs: 0, toMs: 100, meters: ['calls', 'units'] }
      const piece = { tenantId: 'acme', meter: 'calls', bucketMs: 10, revision: 0, quantity: '7' }

      test('a piece stays what it is, and has its place in the order', async () => {
        const later = { ...piece, bucketMs: 20 }
        const pieces = [later, { ...piece, revision: 1, quantity: '-2' }, piece, { ...piece, bucketMs: 100 }]
        await store.usageExports.insertAll('stripe', pieces)
        await store.usageExports.insertAll('stripe', [{ ...piece, quantity: '9' }])
        await store.usageExports.insertAll('other', [{ ...piece, quantity: '1' }])
        expect(await store.usageExports.list(span)).toEqual([piece, pieces[1], later])
        expect(await store.usageExports.list({ ...span, meters: ['units'] })).toEqual([])
        expect(await store.usageExports.list({ ...span, tenantId: 'bolt' })).toEqual([])
      })

      test('belongs to who claimed it last, until it is written', async () => {
        await store.usageExports.insertAll('stripe', [piece])
        expect(await store.usageExports.claim(span, 'one')).toEqual([piece])
        expect(await store.usageExports.claim(span, 'two')).toEqual([piece])
        await store.usageExports.markWritten('stripe', 'one', 5)
        expect(await store.usageExports.claim(span, 'two')).toEqual([piece])
        expect(await store.usageExports.listUnwritten(span)).toEqual([piece])
        await store.usageExports.markWritten('stripe', 'two', 6)
        expect(await store.usageExports.listUnwritten(span)).toEqual([])
        expect(await store.usageExports.claim(span, 'three')).toEqual([])
      })
    })

    describe('leases', () => {
      test('one holder has it until it ends, gives it back, or lets it run out', async () => {
        const ours = { name: 'work', holder: 'a', untilMs: NOON + 10 }
        const theirs = { name: 'work', holder: 'b', untilMs: NOON + 30 }
        expect(await store.leases.take(ours, NOON)).toBeUndefined()
        expect(await store.leases.take(theirs, NOON)).toEqual(ours)
        expect(await store.leases.take({ ...ours, untilMs: NOON + 20 }, NOON + 5)).toBeUndefined()
        expect(await store.leases.take(theirs, NOON + 20)).toBeUndefined()
        await store.leases.release('work', 'a')
        expect(await store.leases.take(ours, NOON + 21)).toEqual(theirs)
        await store.leases.release('work', 'b')
        expect(await store.leases.take(ours, NOON + 22)).toBeUndefined()
      })

      test('of two connections that want it at once, one gets it', async () => {
        const other = await opened().openAgain()
        const taken = await Promise.all(
          [store, other].map((each, index) => {
            const lease = { name: 'work', holder: `h${index}`, untilMs: NOON + 10 }
            return each.transaction((tables) => tables.leases.take(lease, NOON))
          }),
        )
        expect(taken.filter((lease) => lease === undefined)).toHaveLength(1)
      })
    })
  })
}

function entry(parts: Partial<InvoiceEntry> = {}): InvoiceEntry {
  return {
    invoiceId: 'inv_1',
    tenantId: 'acme',
    currency: 'USD',
    atMs: NOON,
    kind: 'payment',
    key: 'a',
    amountMinor: 5n,
    creditMinor: 0n,
    actor: 'cli:test',
    detail: { reference: 'x' },
    ...parts,
  }
}
