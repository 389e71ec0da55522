import { join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ManualClock } from '../../src/lib/clock.ts'
import { SpoolReader } from '../../src/metering/spool-reader.ts'
import { Shipper } from '../../src/shipping/ship.ts'
import { openControlStore, openUsageLog } from '../../src/storage/open.ts'
import { storesIn } from '../support/control-store.ts'
import { COUNTED_FROM, fillStores, NODE_ID } from '../support/counted-stores.ts'
import { reconcileIn, runTrials } from '../support/mutations.ts'
import { tempDir } from '../support/temp-dir.ts'

type Name = 'usage.db' | 'gatez.db' | 'spool.db'

async function counted(parts: { events?: number; spooled?: number } = {}) {
  const folder = tempDir()
  await fillStores({ folder, events: 1_200, spooled: 100, ...parts })
  const open = (name: Name) => {
    const database = new Database(join(folder, '.gatez', name))
    database.pragma('foreign_keys = OFF')
    onTestFinished(() => void database.close())
    return database
  }
  const run = (name: Name, sql: string) => open(name).exec(sql)
  const get = <Value>(name: Name, sql: string) => open(name).prepare<[], Value>(sql).get()!
  return { folder, run, get, reconcile: () => reconcileIn(folder) }
}

/** Ships what is left in the spool into some of the stores. */
async function ship(folder: string, which: 'ledger' | 'both'): Promise<void> {
  const config = storesIn(folder)
  await using store = await openControlStore(config, new ManualClock(COUNTED_FROM))
  await using usageLog = await openUsageLog(config)
  const spool = new SpoolReader(join(folder, '.gatez/spool.db'))
  const breaking = {
    watermark: usageLog.watermark.bind(usageLog),
    append: async () => {
      throw new Error('the power went')
    },
  } as unknown as typeof usageLog
  const log = which === 'both' ? usageLog : breaking
  const parts = { spool, store, usageLog: log, nodeId: NODE_ID, onShipped: () => {} }
  await new Shipper(parts).ship().catch(() => {})
  spool.close()
}

describe('stores that nobody touched agree', () => {
  test('to the last figure of every tenant and meter', async () => {
    const { reconcile } = await counted()
    const found = await reconcile()
    expect(found).toMatchObject({ equal: true, events: 1_200, differences: [], raw_since: null })
    expect(found.through).toEqual([
      { node_id: NODE_ID, epoch: 1, seq: 400 },
      { node_id: NODE_ID, epoch: 2, seq: 800 },
    ])
    const row = found.rows.find(({ tenant_id, meter }) => tenant_id === 'tenant-1' && meter === 'tokens')
    expect(Number(row?.raw)).toBeGreaterThan(0)
    expect(row).toMatchObject({ rollups: row?.raw, report: row?.raw, export: row?.raw, quota: null })
    const calls = found.rows.find(({ tenant_id, meter }) => tenant_id === 'tenant-1' && meter === 'calls')
    expect(calls).toMatchObject({ quota: calls?.raw, equal: true })
  })

  test.each(['ledger', 'both'] as const)(
    'in the middle of shipping too, when the rest of the spool is in: %s',
    async (which) => {
      const { folder, reconcile } = await counted()
      await ship(folder, which)
      const found = await reconcile()
      expect(found).toMatchObject({ equal: true, differences: [], events: 1_300 })
      expect(found.through.at(-1)).toMatchObject({ epoch: 2, seq: 900 })
    },
  )

  test('when what was counted before there were seals has none', async () => {
    const { run, reconcile } = await counted()
    run('gatez.db', 'DELETE FROM usage_seals; INSERT INTO unsealed SELECT * FROM watermarks')
    expect(await reconcile()).toMatchObject({ equal: true, differences: [] })
    const last = 'bucket_ms = (SELECT max(bucket_ms) FROM rollups)'
    run('gatez.db', `UPDATE rollups SET bytes_sent = bytes_sent + 1 WHERE ${last}`)
    expect((await reconcile()).equal).toBe(false)
  })

  test('when there is nothing at all', async () => {
    const folder = tempDir()
    await fillStores({ folder, events: 0 })
    expect(await reconcileIn(folder)).toMatchObject({ equal: true, rows: [], events: 0 })
  })
})

describe('one event', () => {
  const one =
    "id = (SELECT id FROM events WHERE tenant_id = 'tenant-1' AND billable = 1 AND epoch = 2 LIMIT 1)"
  const facts = `
    SELECT id, seq, strftime('%FT%T.000Z', timestamp / 900000 * 900, 'unixepoch') AS bucket
    FROM event_rows WHERE ${one}`
  interface Facts {
    readonly id: string
    readonly seq: number
    readonly bucket: string
  }

  test.each([
    { set: "endpoint = '/v1/other'", why: 'though no sum changes' },
    { set: 'bytes_sent = bytes_sent + 1', why: 'by a byte' },
    { set: 'usage_units = 99', why: 'in what it costs' },
    { set: 'timestamp = timestamp + 1', why: 'by a millisecond' },
    { set: "client_ip = '1.2.3.4'", why: 'in where it came from' },
    { set: 'seq = seq + 5000', why: 'in its position' },
  ])('that was changed is named: $set, $why', async ({ set }) => {
    const { run, get, reconcile } = await counted()
    const { id, bucket } = get<Facts>('usage.db', facts)
    run('usage.db', `UPDATE event_rows SET ${set} WHERE ${one}`)
    const { equal, differences } = await reconcile()
    expect(equal).toBe(false)
    const what = set.startsWith('seq') ? /counted|there/ : /^One event is not as counted\.$/
    expect(differences).toContainEqual(
      expect.objectContaining({ store: 'usage_log', what: expect.stringMatching(what), bucket }),
    )
    if (!set.startsWith('seq')) {
      expect(differences).toContainEqual(expect.objectContaining({ tenant_id: 'tenant-1', events: [id] }))
    }
  })

  test('that was deleted is named by its position, and the tenant it is missing from', async () => {
    const { run, get, reconcile } = await counted()
    const { seq, bucket } = get<Facts>('usage.db', facts)
    run('usage.db', `DELETE FROM event_rows WHERE ${one}`)
    const { differences, rows } = await reconcile()
    expect(differences).toContainEqual(
      expect.objectContaining({
        ...{ store: 'usage_log', node_id: NODE_ID, epoch: 2, bucket, missing_seqs: [seq] },
        what: expect.stringMatching(/^\d+ events were counted, \d+ are there; gone: position \d+\.$/),
      }),
    )
    expect(differences).toContainEqual(
      expect.objectContaining({ what: expect.stringMatching(/raw events make/), tenant_id: 'tenant-1' }),
    )
    const unequal = rows.filter((row) => !row.equal)
    expect(new Set(unequal.map(({ tenant_id }) => tenant_id))).toEqual(new Set(['tenant-1']))
    const calls = unequal.find(({ meter }) => meter === 'calls')
    expect(Number(calls?.rollups) - Number(calls?.raw)).toBe(1)
  })

  test('that was deleted is named by its id while the spool still has it', async () => {
    const { folder, run, get, reconcile } = await counted()
    await ship(folder, 'both')
    const last = 'FROM events ORDER BY epoch DESC, seq DESC LIMIT 1'
    const { id, seq } = get<Facts>('usage.db', `SELECT id, seq ${last}`)
    run('usage.db', `DELETE FROM event_rows WHERE id = '${id}'`)
    expect((await reconcile()).differences).toContainEqual(
      expect.objectContaining({ store: 'usage_log', events: [id], missing_seqs: [seq] }),
    )
  })

  test('that is there twice is named', async () => {
    const { run, reconcile } = await counted()
    run(
      'usage.db',
      `CREATE TEMP TABLE twin AS SELECT * FROM event_rows WHERE ${one};
       UPDATE twin SET event_no = 99999, id = 'TWIN';
       INSERT INTO event_rows SELECT * FROM twin`,
    )
    expect((await reconcile()).differences).toContainEqual(
      expect.objectContaining({ what: expect.stringMatching(/never took it in/), events: ['TWIN'] }),
    )
  })
})

describe('the ledger', () => {
  test('with a rollup that was changed: tenant, bucket, key and route are named, and both figures', async () => {
    const { run, reconcile } = await counted()
    const last = 'bucket_ms = (SELECT max(bucket_ms) FROM rollups) AND tenant_no = 2'
    run('gatez.db', `UPDATE rollups SET requests = requests + 3 WHERE ${last}`)
    const { differences, rows } = await reconcile()
    expect(differences.length).toBeGreaterThan(0)
    for (const each of differences) {
      expect(each).toMatchObject({ store: 'ledger', bucket: '2026-03-10T14:30:00.000Z' })
      expect(each.what).toMatch(
        /^The rollup of .*xx of route \w+, key key_\d_\d.*: it says (\d+) requests, the raw events make \d+\.$/,
      )
    }
    const [unequal] = rows.filter((row) => !row.equal)
    expect(unequal?.meter).toBe('requests')
    expect(Number(unequal?.rollups) - Number(unequal?.raw)).toBe(3 * differences.length)
    expect(unequal).toMatchObject({ report: unequal?.rollups, export: unequal?.rollups })
  })

  test('with a seal that was changed: log and rollups outvote it', async () => {
    const { run, reconcile } = await counted()
    run('gatez.db', 'UPDATE usage_seals SET billable = billable - 1 WHERE epoch = 1')
    const { differences } = await reconcile()
    expect(new Set(differences.map(({ store, what }) => `${store}: ${what}`))).toEqual(
      new Set(['ledger: The seal is not that of the events, on which log and rollups agree.']),
    )
  })

  test.each([
    {
      sql: 'UPDATE watermarks SET seq = seq - 1 WHERE epoch = 2',
      what: /watermark stands at 799.* 800 events/,
    },
    { sql: 'DELETE FROM watermarks WHERE epoch = 1', what: /no watermark.* 400 events/ },
    { sql: 'DELETE FROM rollup_callers WHERE caller_no = 3', what: /no rollup, but/ },
  ])('with $sql', async ({ sql, what }) => {
    const { run, reconcile } = await counted()
    run('gatez.db', sql)
    expect((await reconcile()).differences).toContainEqual(
      expect.objectContaining({ store: 'ledger', what: expect.stringMatching(what) }),
    )
  })
})

describe('the spool', () => {
  test.each([
    {
      sql: "UPDATE batches SET lines = replace(lines, 'tenant-1', 'tenant-2') WHERE batch_id = LAST",
      what: /not as it was written/,
    },
    { sql: 'UPDATE batches SET count = count - 1 WHERE batch_id = LAST', what: /not as it was written/ },
    { sql: 'DELETE FROM batches WHERE batch_id = LAST', what: /was written last, but the last one there is/ },
    { sql: 'DELETE FROM batches WHERE batch_id = LAST - 1', what: /one is gone/ },
    { sql: 'DELETE FROM batches WHERE batch_id < LAST', what: /begins at event 901, the stores end at 800/ },
    {
      sql: 'INSERT INTO batches SELECT batch_id + 1, epoch, first_seq + 50, count, lines, written_ms, thread, digest FROM batches WHERE batch_id = LAST',
      what: /not as it was written/,
    },
  ])('with $sql', async ({ sql, what }) => {
    const { run, reconcile } = await counted({ spooled: 150 })
    run('spool.db', sql.replaceAll('LAST', '(SELECT max(batch_id) FROM batches)'))
    expect((await reconcile()).differences).toContainEqual(
      expect.objectContaining({ store: 'spool', what: expect.stringMatching(what) }),
    )
  })
})

describe('where raw events are forgotten', () => {
  const CUT = COUNTED_FROM + 3 * 3_600_000

  async function forgotten() {
    const scene = await counted()
    await using usageLog = await openUsageLog(storesIn(scene.folder))
    expect(await usageLog.forgetBefore(CUT, 10_000)).toBe(650)
    return scene
  }

  test('it says since when they are there, and holds rollups against seals', async () => {
    const { reconcile } = await forgotten()
    const found = await reconcile()
    expect(found).toMatchObject({ equal: true, raw_since: '2026-03-10T12:00:00.000Z', events: 550 })
    expect(found.rows.find(({ meter }) => meter === 'calls')).toMatchObject({ raw: null, equal: true })
  })

  test.each([
    'UPDATE rollups SET requests = requests + 1 WHERE bucket_ms = (SELECT min(bucket_ms) FROM rollups) AND caller_no = 1',
    'DELETE FROM rollups WHERE bucket_ms = (SELECT min(bucket_ms) FROM rollups) AND caller_no = 1',
    'DELETE FROM rollup_quantities WHERE bucket_ms = (SELECT min(bucket_ms) FROM rollups) AND caller_no = (SELECT min(caller_no) FROM rollup_quantities WHERE bucket_ms = (SELECT min(bucket_ms) FROM rollups))',
    'DELETE FROM usage_seals WHERE bucket_ms = (SELECT min(bucket_ms) FROM usage_seals)',
  ])('a ledger that was changed there is found still: %s', async (sql) => {
    const { run, reconcile } = await forgotten()
    run('gatez.db', sql)
    expect((await reconcile()).differences).toContainEqual(
      expect.objectContaining({ store: 'ledger', bucket: '2026-03-10T09:00:00.000Z' }),
    )
  })
})

test('one row of any table of any store, changed, deleted or doubled, is found', async () => {
  const missed: unknown[] = []
  const options = { events: 800, trials: 29, seed: 3, work: tempDir() }
  const untouched = await runTrials(options, ({ mutation, found }) => {
    if (found.equal) missed.push(mutation)
  })
  expect(untouched.equal).toBe(true)
  expect(missed).toEqual([])
}, 60_000)
