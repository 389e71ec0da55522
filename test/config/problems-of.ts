import { parseConfig } from '../../src/config/load-config.ts'
import type { ConfigProblem } from '../../src/config/problems.ts'
import { GatezError } from '../../src/errors/gatez-error.ts'

/** All problems of a file; none when it is valid. */
export function problemsOf(text: string): readonly ConfigProblem[] {
  try {
    parseConfig(text, { file: 'gatez.yaml', env: {} })
    return []
  } catch (error) {
    if (!(error instanceof GatezError) || error.code !== 'config-invalid') throw error
    return error.extra.problems as ConfigProblem[]
  }
}

/** The same, one line each: `line:column path: message`. */
export function linesOf(text: string): readonly string[] {
  return problemsOf(text).map(({ line, column, path, message }) => `${line}:${column} ${path}: ${message}`)
}
