import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { rssBytes } from './process-figures.ts'
import { startPinned } from './programs.ts'

/** A row of the table: what was promised, hoped for and measured. */
export interface Row {
  readonly figure: string
  readonly must: string
  readonly aim: string
  readonly got: string
  readonly met: boolean | undefined
}

/** A ratio that is to be large. */
export function atLeast(figure: string, got: number, must: number | undefined, aim: number): Row {
  const bar = must === undefined ? '' : `≥ ${must.toFixed(2)}`
  const met = must === undefined ? undefined : got >= must
  return { figure, must: bar, aim: `≥ ${aim.toFixed(2)}`, got: got.toFixed(2), met }
}

/** A figure that is to be small; one that nobody aims further at has no aim. */
export function below(figure: string, got: number, must: number, unit: string): Row {
  return { figure, must: `≤ ${must} ${unit}`, aim: '', got: `${Math.round(got)} ${unit}`, met: got <= must }
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
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  return `${model}, Node ${process.version}, commit ${commit}`
}

/** Memory of a gateway that nobody calls, and how long it and the program take to start: medians of three. */
export async function standing(script: string, file: string, port: number): Promise<readonly Row[]> {
  const starts: number[] = []
  const idle: number[] = []
  const versions: number[] = []
  for (let round = 0; round < 3; round += 1) {
    const versionMs = performance.now()
    execFileSync(process.execPath, [script, '--version'])
    versions.push(performance.now() - versionMs)
    const startMs = performance.now()
    await using gateway = await startPinned(0, port, [process.execPath, script, 'serve', '--config', file])
    await (await fetch(`http://127.0.0.1:${port}/gatez/health`)).text()
    starts.push(performance.now() - startMs)
    await pause(5_000)
    idle.push(rssBytes(gateway.pid) / 1e6)
  }
  const middle = (values: readonly number[]) => [...values].sort((a, b) => a - b)[1] ?? Number.NaN
  return [
    below('RSS idle, one thread', middle(idle), 170, 'MB'),
    below('`serve` to first answer', middle(starts), 600, 'ms'),
    below('`--version`', middle(versions), 250, 'ms'),
  ]
}
