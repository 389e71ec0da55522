import type { FileRun, FileTally } from '../ingest/file-tally.ts'
import { untilInterrupted } from './until-interrupted.ts'

/** How often progress is told. */
const EVERY_MS = 1_000

/** Goes through a file until Ctrl-C, and tells on stderr now and then how far it is. */
export function fileRun(fromLine: number): FileRun {
  let due = false
  // Not before a second is over: a short file needs no progress.
  setInterval(() => {
    due = true
  }, EVERY_MS).unref()
  return {
    fromLine,
    signal: untilInterrupted(),
    onProgress: ({ read, accepted, duplicates, failed }) => {
      if (!due) return
      due = false
      const parts = [`${count(accepted)} new`, `${count(duplicates)} known`, `${count(failed)} failed`]
      process.stderr.write(`${count(read)} lines: ${parts.join(', ')}\n`)
    },
  }
}

/** What came of a file, in lines to print; `done` says what became of what is new. */
export function tallyLines(tally: FileTally, done: string): readonly string[] {
  const { read, accepted, duplicates, unmatched, late, failed, problems } = tally
  const lines = problems.map(({ line, code, detail }) => `line ${line}: ${code}: ${detail}`)
  if (failed > problems.length) lines.push(`… and ${count(failed - problems.length)} more`)
  if (failed > 0) lines.push('')
  lines.push(
    `${count(read)} read: ${count(accepted)} ${done}, ${count(duplicates)} counted before, ${count(failed)} failed.`,
  )
  if (unmatched > 0)
    lines.push(`${count(unmatched)} kept, because no meter takes them: gatez usage leaks lists them.`)
  if (late > 0) lines.push(`${count(late)} were more than a day old.`)
  return lines
}

function count(number: number): string {
  return number.toLocaleString('en-US')
}
