import type { Counter } from '../ports/counters.ts'
import {
  B_DOUBLES,
  B_NEXT,
  B_START,
  type CounterTable,
  MOMENTS_PER_BLOCK,
  R_BASE,
  R_FIRST,
  R_LAST,
  R_USED,
} from './counter-table.ts'

/**
 * The log of a window: moments of admission, oldest first, in a chain of blocks.
 *
 * One double holds a moment and how many calls came at it (1…1024): `ms × 1024 + calls − 1`, below
 * 2^53 until the year 2248. `R_BASE` of the record counts the entries of its last block.
 */
const CALLS_MAX = 1024

/** The most blocks it takes to add calls of one moment; only a log grows. */
export function blocksForOne({ kind }: Counter, calls: number): number {
  if (kind !== 'log') return 0
  return 2 + Math.ceil(Math.ceil(calls / CALLS_MAX) / MOMENTS_PER_BLOCK)
}

/** The most blocks it takes to hold these moments or steps with their calls. */
export function blocksFor(counted: readonly (readonly [number, number])[]): number {
  let entries = 0
  for (const [, calls] of counted) entries += Math.ceil(calls / CALLS_MAX)
  return 2 + Math.ceil(entries / MOMENTS_PER_BLOCK)
}

/** Adds `calls` at `atMs`, or at the last moment if that is later. One block holds 31 × 1,024 calls. */
export function appendMoments(
  table: CounterTable,
  at: number,
  record: number,
  atMs: number,
  calls: number,
): void {
  table.ints[record + R_USED] = table.get(record + R_USED) + calls
  const lastMs = lastMomentMs(table, record)
  const momentMs = Math.max(atMs, lastMs)
  let left = momentMs === lastMs ? mergeIntoLast(table, record, calls) : calls
  while (left > 0) {
    const entry = Math.min(left, CALLS_MAX)
    pushEntry(table, at, record, momentMs * CALLS_MAX + entry - 1)
    left -= entry
  }
}

/** Takes out every moment at or before `throughMs`. */
export function forgetMoments(table: CounterTable, at: number, record: number, throughMs: number): void {
  let block = table.get(record + R_FIRST)
  while (block !== -1) {
    const end = entriesOf(table, record, block)
    let start = table.get(block + B_START)
    let used = table.get(record + R_USED)
    while (start < end) {
      const entry = entryAt(table, block, start)
      if (momentOf(entry) > throughMs) break
      used -= callsOf(entry)
      start += 1
    }
    table.ints[record + R_USED] = used
    table.ints[block + B_START] = start
    if (start < end) return
    const next = table.get(block + B_NEXT)
    table.free(at, block)
    table.ints[record + R_FIRST] = next
    if (next === -1) table.ints[record + R_LAST] = -1
    block = next
  }
}

/** The oldest moment. Only when there is one. */
export function firstMomentMs(table: CounterTable, record: number): number {
  const block = table.get(record + R_FIRST)
  return momentOf(entryAt(table, block, table.get(block + B_START)))
}

/** The moment whose leaving, with all before it, makes room for `calls` more. Only when so many are there. */
export function momentWithRoomMs(table: CounterTable, record: number, calls: number): number {
  let left = calls
  let block = table.get(record + R_FIRST)
  let momentMs = 0
  while (block !== -1 && left > 0) {
    const end = entriesOf(table, record, block)
    for (let index = table.get(block + B_START); index < end && left > 0; index += 1) {
      const entry = entryAt(table, block, index)
      momentMs = momentOf(entry)
      left -= callsOf(entry)
    }
    block = table.get(block + B_NEXT)
  }
  return momentMs
}

/** All moments with their calls, oldest first: what moves over when a plan changes. */
export function readMoments(table: CounterTable, record: number): [number, number][] {
  const moments: [number, number][] = []
  let block = table.get(record + R_FIRST)
  while (block !== -1) {
    const end = entriesOf(table, record, block)
    for (let index = table.get(block + B_START); index < end; index += 1) {
      const entry = entryAt(table, block, index)
      moments.push([momentOf(entry), callsOf(entry)])
    }
    block = table.get(block + B_NEXT)
  }
  return moments
}

/** The newest moment; 0 when there is none. */
function lastMomentMs(table: CounterTable, record: number): number {
  const block = table.get(record + R_LAST)
  return block === -1 ? 0 : momentOf(entryAt(table, block, entriesOf(table, record, block) - 1))
}

/** How many calls are left after the last entry took what it can. Only when there is one. */
function mergeIntoLast(table: CounterTable, record: number, calls: number): number {
  const block = table.get(record + R_LAST)
  const last = entriesOf(table, record, block) - 1
  const entry = entryAt(table, block, last)
  const merged = Math.min(calls, CALLS_MAX - callsOf(entry))
  table.doubles[block / 2 + B_DOUBLES + last] = entry + merged
  return calls - merged
}

function pushEntry(table: CounterTable, at: number, record: number, entry: number): void {
  const last = table.get(record + R_LAST)
  const end = last === -1 ? MOMENTS_PER_BLOCK : entriesOf(table, record, last)
  if (end < MOMENTS_PER_BLOCK) {
    table.doubles[last / 2 + B_DOUBLES + end] = entry
    table.doubles[record / 2 + R_BASE] = end + 1
    return
  }
  const block = table.allocate(at)
  if (last === -1) table.ints[record + R_FIRST] = block
  else table.ints[last + B_NEXT] = block
  table.ints[record + R_LAST] = block
  table.doubles[block / 2 + B_DOUBLES] = entry
  table.doubles[record / 2 + R_BASE] = 1
}

/** Where the entries of a block end: all blocks but the last are full. */
function entriesOf(table: CounterTable, record: number, block: number): number {
  return block === table.get(record + R_LAST) ? table.getDouble(record / 2 + R_BASE) : MOMENTS_PER_BLOCK
}

function entryAt(table: CounterTable, block: number, index: number): number {
  return table.getDouble(block / 2 + B_DOUBLES + index)
}

function momentOf(entry: number): number {
  return Math.floor(entry / CALLS_MAX)
}

function callsOf(entry: number): number {
  return (entry % CALLS_MAX) + 1
}
