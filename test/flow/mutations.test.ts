import { expect, test } from 'vitest'
import { runTrials } from '../support/mutations.ts'
import { tempDir } from '../support/temp-dir.ts'

/** The long version, with a million events: node test/bench/mutations.ts */
const TRIALS = 60

test(`of ${TRIALS} single rows changed, deleted or doubled among 20,000 events in all stores, reconcile finds all`, async () => {
  const missed: unknown[] = []
  const [events, named, bucket] = [new Set<number>(), new Set<number>(), new Set<number>()]
  const options = { events: 20_000, trials: TRIALS, seed: 11, work: tempDir() }
  const untouched = await runTrials(options, ({ mutation, found }, number) => {
    if (found.equal) missed.push(mutation)
    const { event } = mutation
    if (event === undefined) return
    events.add(number)
    if (found.differences.some((each) => each.bucket === event.bucket)) bucket.add(number)
    const ids = found.differences.flatMap((each) => each.events.map((id) => id.slice(1)))
    const gone = found.differences.some((each) => each.missing_seqs.length > 0)
    if (gone || ids.includes(event.id.slice(1))) named.add(number)
  })
  // As many calls, and a quarter as many events that were reported by themselves.
  expect(untouched).toMatchObject({ equal: true, events: 25_000 })
  expect(missed).toEqual([])
  // Of single events always the bucket is told, and the event itself or its place.
  expect(events.size).toBeGreaterThan(5)
  expect([bucket, named]).toEqual([events, events])
}, 600_000)
