import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { decodeEvents } from '../../src/metering/event-decoder.ts'
import { SPOOL_START } from '../../src/metering/spool-files.ts'
import { SpoolReader } from '../../src/metering/spool-reader.ts'
import { tempDir } from '../support/temp-dir.ts'
import { type TracedRun, tracedRun } from './traced-run.ts'

// `kill -9` cannot show that an event is on the disk before its answer ends: what was written and not synced
// survives it. So the system calls are looked at.

const CALLS = 1_000

test('with disk, the commit that holds a call is synced before the call that ends its answer, for every form of end', async () => {
  const run = await tracedRun('disk', 'lib', CALLS)
  expect(run.answers).toHaveLength(CALLS)
  expect(new Set(run.answers.map(({ id }) => id.split('-')[0]))).toEqual(
    new Set(['length', 'chunked', 'head', 'none', 'events', 'old']),
  )
  expect(endedTooEarly(run)).toEqual([])
})

test('a gateway that lets answers end before they are metered is found out', async () => {
  const run = await tracedRun('disk', 'release-early', 200)
  expect(run.answers).toHaveLength(200)
  expect(endedTooEarly(run).length).toBeGreaterThan(20)
})

test('so is one that does not sync', async () => {
  const run = await tracedRun('process', 'lib', 200)
  expect(endedTooEarly(run).length).toBeGreaterThan(20)
})

/** Answers that ended before a power cut could not have taken their event away any more. */
function endedTooEarly({ answers, spool }: TracedRun): string[] {
  const folder = tempDir()
  const durable = new Set<string>()
  const early: string[] = []
  for (const { id, moment } of answers) {
    if (durable.has(id)) continue
    for (const each of spooledIn(folder, spool.certain(moment))) durable.add(each)
    if (!durable.has(id)) early.push(id)
  }
  return early
}

/** The ids of the requests that SQLite finds in these files, as after a power cut. */
function spooledIn(folder: string, files: ReadonlyMap<string, Buffer>): string[] {
  const place = join(folder, 'cut')
  mkdirSync(place)
  for (const [name, bytes] of files) writeFileSync(join(place, name), bytes)
  const reader = new SpoolReader(join(place, 'spool.db'))
  const ids = reader
    .after(SPOOL_START, 100_000)
    .flatMap(({ lines, epoch, firstSeq }) => decodeEvents(lines, { nodeId: '', epoch, firstSeq }))
    .map(({ requestId }) => requestId)
  reader.close()
  rmSync(place, { recursive: true })
  return ids
}
