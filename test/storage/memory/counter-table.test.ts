import { expect, test } from 'vitest'
import { CounterTable } from '../../../src/storage/memory/counter-table.ts'

test('who waits for a shard in which another thread died is told so, and does not wait for ever', () => {
  const memory = new SharedArrayBuffer(16_777_216)
  const table = new CounterTable(memory)
  table.format()
  const shard = table.shardAt(0)
  // As a thread leaves it that is cut off in the middle of a decision.
  table.lock(shard)
  expect(() => new CounterTable(memory).lock(shard)).toThrow('a thread died')
  expect(() => new CounterTable(memory).lock(table.shardAt(1))).not.toThrow()
}, 10_000)

test('places that were never used are given out one after the other, each once, to the last', () => {
  const memory = new SharedArrayBuffer(4_194_304)
  const table = new CounterTable(memory)
  table.format()
  const shard = table.shardAt(0)
  const blocks = Array.from({ length: table.blocksLeft(shard) }, () => table.allocate(shard))
  expect(new Set(blocks).size).toBe(blocks.length)
  expect(() => table.allocate(shard)).toThrow('room was checked')
  const [one = 0] = blocks
  table.free(shard, one)
  expect(table.allocate(shard)).toBe(one)
  expect(() => table.allocate(shard)).toThrow('room was checked')
  const records: number[] = []
  for (let record = table.insert(shard, 1, 2, 0); record !== -1; record = table.insert(shard, 1, 2, 3)) {
    records.push(record)
  }
  expect(new Set(records).size).toBe(records.length)
  expect(Math.max(...records)).toBeLessThan(Math.min(...blocks))
})

test('memory that no counter needs is never written', () => {
  const memory = new SharedArrayBuffer(67_108_864)
  new CounterTable(memory).format()
  const pages = Array.from(
    { length: memory.byteLength / 4096 },
    (_, page) => new Int32Array(memory, page * 4096, 1024),
  )
  const written = pages.filter((page) => page.some((value) => value !== 0)).length
  expect(written * 4096).toBeLessThan(2_097_152)
})
