import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../../src/lib/clock.ts'

/** A row of the table: what was promised, hoped for and measured. */
export interface Row {
  readonly figure: string
  readonly must: string
  readonly aim: string
  readonly got: string
  readonly met: boolean | undefined
}

/** A ratio that is to be large. */
export function atLeast(figure: string, got: number, must?: number, aim?: number): Row {
  const bar = (value: number | undefined) => (value === undefined ? '' : `≥ ${value.toFixed(2)}`)
  const met = must === undefined ? undefined : got >= must
  return { figure, must: bar(must), aim: bar(aim), got: got.toFixed(2), met }
}

/** A figure that is to be small; one that nobody aims further at has no aim. */
export function below(figure: string, got: number, { must, aim, unit, digits = 0 }: Bar): Row {
  const bar = (value: number | undefined) => (value === undefined ? '' : `≤ ${value}${unit}`)
  const met = got <= must
  return { figure, must: bar(must), aim: bar(aim), got: `${got.toFixed(digits)}${unit}`, met }
}

/** A figure that is held against nothing. */
export function told(figure: string, got: string): Row {
  return { figure, must: '', aim: '', got, met: undefined }
}

/** What a figure that is to be small is held against. */
export interface Bar {
  readonly must: number
  readonly aim?: number
  readonly unit: string
  readonly digits?: number
}

/** The rows as a table in Markdown. */
export function tableOf(rows: readonly Row[]): string {
  const lines = rows.map(({ figure, must, aim, got, met }) => {
    const verdict = met === undefined ? '' : met ? 'met' : 'MISSED'
    return `| ${figure} | ${must} | ${aim} | ${got} | ${verdict} |`
  })
  return ['| figure | must | aim | got | |', '| --- | --- | --- | --- | --- |', ...lines].join('\n')
}

/** What the table is of: a figure means little without its machine. */
export function machineText(): string {
  const model = /model name\s*:\s*(.*)/.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? 'unknown'
  const git = (...asked: readonly string[]) => execFileSync('git', asked, { encoding: 'utf8' }).trim()
  const commit = git('rev-parse', '--short', 'HEAD')
  const isChanged = git('status', '--porcelain', '--', 'src', 'bin') !== ''
  return `${model}, Node ${process.version}, commit ${commit}${isChanged ? ' and what was changed since' : ''}`
}

/** Where the figures are kept. */
const BASELINE = join(import.meta.dirname, '../BASELINE.md')

/** The parts of the baseline, in their order. Each is measured, and kept, by itself. */
export const PARTS = ['peers', 'threads', 'latency', 'refusals', 'bodies', 'standing', 'keys'] as const

/** A part of the baseline: what `npm run bench -- <part>` measures. */
export type Part = (typeof PARTS)[number]

/** Prints what was measured, and keeps it in place of what the same part said before. */
export function keep(part: Part, how: string, text: string): void {
  const day = new Date(systemClock.nowMs()).toISOString().slice(0, 10)
  const said = `\`npm run bench -- ${part}\`, ${day}: ${how}; ${machineText()}.\n\n${text}`
  console.log(`\n${said}`)
  const before = existsSync(BASELINE) ? readFileSync(BASELINE, 'utf8') : ''
  const kept = new Map(
    before
      .split(/^## /m)
      .slice(1)
      .map((section) => {
        const [name = ''] = section.split('\n', 1)
        return [name, section.slice(name.length).trim()]
      }),
  )
  kept.set(part, said)
  const sections = PARTS.filter((each) => kept.has(each)).map((each) => `## ${each}\n\n${kept.get(each)}\n`)
  writeFileSync(BASELINE, `${HEAD}\n${sections.join('\n')}`)
}

const HEAD = `# Baseline

Written by \`npm run bench\`, part by part. The gateway, all its threads, has one core; clients and upstream have the other.
Whatever is compared takes turns with what it is compared with, and figures are medians over the rounds.
`
