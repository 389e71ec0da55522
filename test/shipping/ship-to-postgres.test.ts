import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import { encodeCaller, encodeEvent } from '../../src/metering/event.ts'
import { Spool } from '../../src/metering/spool.ts'
import { SpoolReader } from '../../src/metering/spool-reader.ts'
import type { UsageEvent } from '../../src/model/event.ts'
import { Shipper } from '../../src/shipping/ship.ts'
import { openControlStore, openUsageLog } from '../../src/storage/open.ts'
import type { ControlStore } from '../../src/storage/ports/control-store.ts'
import { storesIn } from '../support/control-store.ts'
import { LostReplies } from '../support/services/lost-replies.ts'
import { startPostgres } from '../support/services/postgres.ts'
import { tempDir } from '../support/temp-dir.ts'
import { usageEvent } from '../support/usage-events.ts'

const postgres = await startPostgres()

/** A spool, and what ships it to a ledger in Postgres at this address. */
async function shippingTo(url: string) {
  const folder = tempDir()
  const files = storesIn(folder)
  const config = { stores: { ...files.stores, control: { driver: 'postgres', url } as const } }
  const store = await openControlStore(config, systemClock)
  const usageLog = await openUsageLog(config)
  const path = join(folder, 'spool.db')
  const spool = new Spool({ path, durability: 'process', epoch: 1, clock: systemClock })
  const reader = new SpoolReader(path)
  onTestFinished(async () => {
    spool.close()
    reader.close()
    await usageLog[Symbol.asyncDispose]()
    await store[Symbol.asyncDispose]()
  })
  let failures = 0
  const shipper = new Shipper({ spool: reader, store, usageLog, nodeId: 'node-1', onShipped: () => {} })
  return {
    store,
    spool,
    failures: () => failures,
    /** As the ship loop does: again, until it succeeds. */
    shipAll: async () => {
      for (let time = 0; time < 400; time += 1) {
        try {
          await shipper.ship()
          return
        } catch (error) {
          expect(error).toMatchObject({ code: 'store-unavailable' })
          failures += 1
          await pause(25)
        }
      }
      throw new Error('it never succeeded')
    },
  }
}

function batch(number: number, size: number) {
  const lines = Array.from({ length: size }, (_, index) => {
    const seq = number * size + index
    const event: UsageEvent = usageEvent({ seq, keyId: `key_${seq % 7}`, tenantId: `tenant-${seq % 3}` })
    const quantities = JSON.stringify({ tokens: '0.000000000000001' })
    return encodeEvent({ ...event, caller: encodeCaller(event), quantities, dimensions: '' })
  })
  return { lines: Buffer.from(lines.join('')), count: size, thread: 0 }
}

/** What the ledger holds: calls, tokens, and what its seals say of the events behind them. */
async function ledgerOf({ ledger }: ControlStore) {
  let requests = 0
  let femtoTokens = 0n
  for await (const rollup of ledger.rollups({ fromMs: 0, toMs: Number.MAX_SAFE_INTEGER })) {
    requests += rollup.requests
    const [whole, fraction = ''] = (rollup.quantities.tokens ?? '0').split('.')
    femtoTokens += BigInt(`${whole}${fraction.padEnd(15, '0')}`)
  }
  const [run] = await ledger.sealedRuns()
  return { requests, femtoTokens, sealed: run?.events, lastSeq: run?.lastSeq }
}

const holding = (events: number) => ({
  requests: events,
  femtoTokens: BigInt(events),
  sealed: events,
  lastSeq: events,
})

describe('shipping to Postgres', () => {
  test('an answer to a commit that gets lost makes no double: the batch that comes again is left out', async () => {
    const replies = await LostReplies.before(await postgres.database())
    const { spool, store, shipAll, failures } = await shippingTo(replies.url)
    replies.every = 2
    for (let round = 0; round < 20; round += 1) {
      spool.append([batch(round, 50)], 0)
      await shipAll()
    }
    replies.every = 0
    expect(replies.lost).toBeGreaterThanOrEqual(10)
    expect(failures()).toBe(replies.lost)
    expect(await ledgerOf(store)).toEqual(holding(1_000))
  })

  test('of 20 kills of the server while it ships, none loses an event or counts one twice', async () => {
    const { spool, store, shipAll, failures } = await shippingTo(await postgres.database())
    for (let kill = 0; kill < 20; kill += 1) {
      for (let each = 0; each < 10; each += 1) spool.append([batch(kill * 10 + each, 40)], 0)
      const shipping = shipAll()
      await pause((kill * 7) % 30)
      await postgres.killAndRestart()
      await shipping
    }
    expect(failures()).toBeGreaterThanOrEqual(5)
    expect(await ledgerOf(store)).toEqual(holding(8_000))
  }, 120_000)
})
