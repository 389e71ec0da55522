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
