import { inspect, styleText } from 'node:util'
import { CLIError, ExitError } from '@oclif/core/errors'
import { CATALOGUE } from '../errors/catalogue.ts'
import { GatezError } from '../errors/gatez-error.ts'
import { toProblem } from '../errors/problem.ts'
import { didYouMean } from '../lib/closest.ts'

/**
 * Tells the user what went wrong and how to go on, and returns the exit code.
 *
 * For people: what is wrong, then the way out, on stderr. With `json`: the problem document on stdout,
 * and nothing else. What gatez did not throw on purpose shows its inside only when `debug` is set.
 */
export function reportError(thrown: unknown, how: ReportStyle): number {
  if (thrown instanceof ExitError) return thrown.oclif.exit ?? 0

  const error = toGatezError(thrown, how)
  const row = CATALOGUE[error.code]
  const fix = thrown instanceof CLIError ? usageHint(how.commandName) : row.fix

  if (how.json) {
    const { instance: _, ...problem } = toProblem(error, { requestId: '', docsUrl: null })
    process.stdout.write(`${JSON.stringify({ ...problem, fix }, null, 2)}\n`)
  } else {
    const title = styleText('red', row.title, { stream: process.stderr })
    process.stderr.write(`${title}: ${error.message}\n→ ${fix}\n`)
  }
  if (how.debug) process.stderr.write(`${inspect(thrown)}\n`)
  return row.exit
}

export interface ReportStyle {
  readonly json: boolean
  readonly debug: boolean
  /** The command that failed, as `keys create`; its help is the way out of a usage error. */
  readonly commandName?: string
  /** The flags it knows, without dashes: for suggestions. */
  readonly flagNames?: readonly string[]
}

/** Whether `--json` was given; what follows `--` belongs to the command. */
export function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  return (end === -1 ? argv : argv.slice(0, end)).includes('--json')
}

function toGatezError(thrown: unknown, how: ReportStyle): GatezError {
  if (thrown instanceof GatezError) return thrown
  if (thrown instanceof CLIError) {
    return new GatezError('invalid-parameter', usageDetail(thrown, how.flagNames ?? []), { cause: thrown })
  }
  const what = how.commandName === undefined ? 'the command' : `gatez ${how.commandName}`
  const detail = `${what} could not be completed; run it again with DEBUG=1 to see why.`
  return new GatezError('internal', detail, { cause: thrown })
}

// oclif ends its messages with a pointer to the help, which we print as the way out.
function usageDetail(error: CLIError, flagNames: readonly string[]): string {
  const detail = error.message
    .replace(/\s*See more help with --help\s*$/, '')
    .replace(/^The following errors? occurred:/, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
  const missing = /^Missing \d+ required args?: (.*)$/.exec(detail)?.[1]
  if (missing !== undefined) return `missing: ${missing}`
  const flag = /^Nonexistent flag: --(\S+)$/.exec(detail)?.[1]
  if (flag === undefined) return detail
  return `unknown flag --${flag}${didYouMean(
    `--${flag}`,
    flagNames.map((name) => `--${name}`),
  )}`
}

function usageHint(commandName: string | undefined): string {
  return commandName === undefined
    ? 'gatez --help lists the commands.'
    : `gatez ${commandName} --help shows how it is used.`
}
