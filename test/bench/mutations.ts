// Whether one row that is changed, removed or doubled is found, wherever it lies:
// node test/bench/mutations.ts [events] [trials] [seed]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../src/lib/clock.ts'
import { runTrials, type Trial } from '../support/mutations.ts'

const [events = 1_000_000, trials = 300, seed = 1] = process.argv.slice(2).map(Number)
const work = mkdtempSync(join(tmpdir(), 'gatez-mutations-'))
const counts = { found: 0, events: 0, named: 0, bucket: 0 }
const places = new Map<string, { trials: number; found: number }>()
const beganMs = systemClock.monotonicMs()

const untouched = await runTrials({ events, trials, seed, work }, (trial, number) => {
  count(trial)
  if (trial.found.equal) console.log(`NOT FOUND ${number}: ${JSON.stringify(trial.mutation)}`)
  if ((number + 1) % 10 === 0) console.log(`${number + 1} of ${trials}: ${counts.found} found`)
})
rmSync(work, { recursive: true })

console.log(`\n${untouched.events} events; untouched: ${untouched.equal ? 'everything agrees' : 'DIFFERS'}`)
console.log(`${counts.found} of ${trials} mutations found`)
console.log(
  `${counts.events} of them of single events: ${counts.bucket} named with their bucket, ${counts.named} by id or position`,
)
for (const [place, { trials: of, found }] of places) console.log(`  ${place.padEnd(40)} ${found} of ${of}`)
console.log(`${((systemClock.monotonicMs() - beganMs) / 1_000).toFixed(0)} s`)
process.exitCode = counts.found === trials && untouched.equal ? 0 : 1

function count({ mutation, found }: Trial): void {
  const name = `${mutation.file} ${mutation.table} ${mutation.how}`
  const place = places.get(name) ?? { trials: 0, found: 0 }
  places.set(name, place)
  place.trials += 1
  if (found.equal) return
  place.found += 1
  counts.found += 1
  if (mutation.event === undefined) return
  counts.events += 1
  const { id, bucket } = mutation.event
  if (found.differences.some((each) => each.bucket === bucket)) counts.bucket += 1
  const named = found.differences.some(
    (each) =>
      each.events.includes(id) || each.events.includes(`X${id.slice(1)}`) || each.missing_seqs.length > 0,
  )
  if (named) counts.named += 1
}
