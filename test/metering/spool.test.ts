import { statSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Spool } from '../../src/metering/spool.ts'
import { SPOOL_START } from '../../src/metering/spool-files.ts'
import { SpoolReader } from '../../src/metering/spool-reader.ts'
import { isChanged } from '../../src/metering/spool-table.ts'
import { tempDir } from '../support/temp-dir.ts'

/** A spool on a file, and a reader beside it. */
function opened(options: { path?: string; epoch?: number; durability?: 'disk' | 'process' } = {}) {
  const { path = join(tempDir(), 'spool.db'), epoch = 1, durability = 'process' } = options
  const spool = new Spool({ path, durability, epoch })
  const reader = new SpoolReader(path)
  let open = true
  const close = () => {
    if (open) for (const each of [spool, reader]) each.close()
    open = false
  }
  onTestFinished(close)
  return { spool, reader, path, close, all: () => reader.after(SPOOL_START, 1_000) }
}

const batch = (count: number, name = 'x') => ({ lines: Buffer.from(`${name}\n`.repeat(count)), count })

describe.each(['disk', 'process'] as const)('with durability %s', (durability) => {
  test('batches come back in order with the place of their first event', () => {
    const { spool, all } = opened({ durability })
    spool.append([batch(2, 'a'), batch(3, 'b')], 0)
    spool.append([batch(1, 'c')], 0)
    expect(all()).toMatchObject([
      { file: 1, batchId: 1, epoch: 1, firstSeq: 1, count: 2, lines: 'a\na\n' },
      { file: 1, batchId: 2, epoch: 1, firstSeq: 3, count: 3, lines: 'b\nb\nb\n' },
      { file: 1, batchId: 3, epoch: 1, firstSeq: 6, count: 1, lines: 'c\n' },
    ])
  })
})

test('what was written is read as text, of any characters, and is known to be what was written', () => {
  const { spool, path, all } = opened()
  const text = 'a\u0000ü\u20ac\u{1f600}\n'
  spool.append([{ lines: Buffer.from(text), count: 1, thread: 3 }], 0)
  const [read] = all()
  expect(read).toMatchObject({ lines: text, thread: 3 })
  expect(isChanged(read!)).toBe(false)
  const other = new Database(path)
  expect(other.prepare('SELECT typeof(lines) FROM batches').pluck().get()).toBe('text')
  other.close()
  expect(isChanged({ ...read!, lines: `${text}x` })).toBe(true)
})

test('what was shipped goes, the rest and the newest stay, and no batch id comes again', () => {
  const { spool, reader, all } = opened()
  for (let each = 0; each < 5; each += 1) spool.append([batch(1)], 0)
  spool.append([], 3)
  expect(all().map((row) => row.batchId)).toEqual([4, 5])
  spool.append([batch(1)], 5)
  expect(all().map((row) => row.batchId)).toEqual([6])
  spool.append([], 6)
  expect(all()).toMatchObject([{ batchId: 6, firstSeq: 6 }])
  spool.append([batch(1)], 6)
  expect(all()).toMatchObject([{ batchId: 7, firstSeq: 7 }])
  expect(reader.after({ file: 1, batchId: 7 }, 10)).toEqual([])
  expect(reader.after(SPOOL_START, 0)).toEqual([])
})

test('a new start counts its own epoch from one and finds what the last one left', () => {
  const first = opened()
  first.spool.append([batch(4, 'old')], 0)
  first.close()
  const second = opened({ path: first.path, epoch: 2 })
  second.spool.append([batch(1, 'new')], 0)
  expect(second.all()).toMatchObject([
    { batchId: 1, epoch: 1, firstSeq: 1, count: 4 },
    { batchId: 2, epoch: 2, firstSeq: 1, count: 1 },
  ])
})

test('what could not be written leaves no gap: the next batch takes its place', () => {
  const { spool, path, all } = opened()
  spool.append([batch(2)], 0)
  const other = new Database(path)
  other.exec(
    "CREATE TRIGGER refuse BEFORE INSERT ON batches WHEN NEW.lines LIKE 'bad%' BEGIN SELECT RAISE(ABORT, 'no'); END",
  )
  expect(() => spool.append([batch(3, 'good'), batch(1, 'bad')], 1)).toThrow(/no/)
  expect(all()).toMatchObject([{ batchId: 1, firstSeq: 1 }])
  other.exec('DROP TRIGGER refuse')
  other.close()
  spool.append([batch(3, 'good'), batch(1, 'bad')], 1)
  expect(all().map(({ firstSeq, count }) => ({ firstSeq, count }))).toEqual([
    { firstSeq: 3, count: 3 },
    { firstSeq: 6, count: 1 },
  ])
})

test('its size follows what it holds, down as well as up', () => {
  const { spool, all } = opened()
  const empty = spool.usedBytes()
  for (let each = 0; each < 50; each += 1) spool.append([batch(1_000, 'a line of some length')], 0)
  const full = spool.usedBytes()
  expect(full - empty).toBeGreaterThan(1_000_000)
  spool.append([], all().at(-1)!.batchId)
  expect(spool.usedBytes()).toBeLessThan(empty + 50_000)
})

test('only its owner may read it', () => {
  const { spool, path } = opened()
  spool.append([batch(1)], 0)
  for (const file of [path, `${path}-wal`]) expect(statSync(file).mode & 0o777).toBe(0o600)
})
