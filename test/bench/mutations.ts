// Whether one row that is changed, removed or doubled is found, wherever it lies:
// node test/bench/mutations.ts [events] [trials] [seed] [--in FOLDER] [--minutes N] [--at-once N] [--nearby]
//
// With --nearby rows that are about a moment are looked for in the three days around it, which takes a tenth of the time a month
// takes; the stores hold all events all the same. With --in the stores, and what each trial came to, stay in that folder: the next run goes on where this one ended.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { runTrials, type Trial } from '../support/mutations.ts'

/** What is kept of a trial. */
interface Outcome {
  readonly number: number
  readonly place: string
  readonly detail: string
  readonly found: boolean
  /** Days of the span that was reconciled. */
  readonly days: number
  /** Undefined unless a single event was touched: whether its bucket was told, and the event or its position. */
  readonly event?: { readonly bucket: boolean; readonly named: boolean }
}

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    in: { type: 'string' },
    minutes: { type: 'string', default: '100000' },
    'at-once': { type: 'string', default: '1' },
    nearby: { type: 'boolean', default: false },
    worker: { type: 'string' },
  },
})
const [events = 1_000_000, trials = 300, seed = 1] = positionals.map(Number)
const endMs = performance.now() + Number(options.minutes) * 60_000
const work = options.in ?? mkdtempSync(join(tmpdir(), 'gatez-mutations-'))
mkdirSync(work, { recursive: true })
/** Of twenty days each quarter of an hour has events. */
const SPAN_MS = 20 * 86_400_000
const results = join(work, `trials-${events}-${seed}.jsonl`)

if (options.worker === undefined) process.exitCode = await main()
else await makeTrials(Number(options.worker), Number(options['at-once']))

async function main(): Promise<number> {
  const atOnce = Number(options['at-once'])
  // Fills the stores, and sees that nothing differs before anything was touched.
  const untouched = await runTrials({ events, trials: 0, seed, work, spanMs: SPAN_MS }, () => {})
  const script = fileURLToPath(import.meta.url)
  const args = [
    script,
    String(events),
    String(trials),
    String(seed),
    '--in',
    work,
    '--at-once',
    String(atOnce),
    ...(options.nearby ? ['--nearby'] : []),
  ]
  const workers = Array.from({ length: atOnce }, (_, index) => {
    const left = Math.max(0, endMs - performance.now()) / 60_000
    const flags = ['--worker', String(index), '--minutes', String(left)]
    return once(spawn(process.execPath, [...args, ...flags], { stdio: 'inherit' }), 'exit')
  })
  await Promise.all(workers)
  const all = outcomes()
  if (options.in === undefined) rmSync(work, { recursive: true })
  console.log(`\n${untouched.events} events; untouched: ${untouched.equal ? 'everything agrees' : 'DIFFERS'}`)
  return print(all) && untouched.equal ? 0 : 1
}

/** Makes the trials that are still to be made of every `every`-th. */
async function makeTrials(from: number, every: number): Promise<void> {
  const done = new Set(outcomes().map(({ number }) => number))
  let first = from
  while (done.has(first)) first += every
  const { nearby } = options
  const over = (): boolean => performance.now() > endMs
  await runTrials({ events, trials, seed, work, from: first, every, over, nearby }, (trial, number) => {
    if (!done.has(number)) appendFileSync(results, `${JSON.stringify(outcomeOf(trial, number))}\n`)
  })
}

function outcomes(): readonly Outcome[] {
  if (!existsSync(results)) return []
  const lines = readFileSync(results, 'utf8').split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line))
}

function outcomeOf({ mutation, found, span }: Trial, number: number): Outcome {
  const { file, table, how, detail, event } = mutation
  const days = Math.round((span.endMs - span.startMs) / 86_400_000)
  const outcome = { number, place: `${file} ${table} ${how}`, detail, found: !found.equal, days }
  if (event === undefined || found.equal) return outcome
  const named = found.differences.some(({ events: ids, missing_seqs: gone }) => {
    return ids.includes(event.id) || ids.includes(`X${event.id.slice(1)}`) || gone.length > 0
  })
  const bucket = found.differences.some((each) => each.bucket === event.bucket)
  return { ...outcome, event: { bucket, named } }
}

/** Prints what came of it; true when all were found. */
function print(all: readonly Outcome[]): boolean {
  const found = all.filter((each) => each.found)
  const single = found.flatMap(({ event }) => event ?? [])
  const nearby = all.filter(({ days }) => days < 28).length
  console.log(`${found.length} of ${all.length} mutations found, ${nearby} of them in the days around`)
  const [bucket, named] = [single.filter((each) => each.bucket), single.filter((each) => each.named)]
  console.log(
    `${single.length} of them of single events: ${bucket.length} named with their bucket, ${named.length} by id or position`,
  )
  for (const [place, of] of [...Map.groupBy(all, (each) => each.place)].toSorted()) {
    console.log(`  ${place.padEnd(40)} ${of.filter((each) => each.found).length} of ${of.length}`)
  }
  for (const { number, place, detail } of all.filter((each) => !each.found)) {
    console.log(`NOT FOUND ${number}: ${place} ${detail}`)
  }
  return found.length === all.length
}
