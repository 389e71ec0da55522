import { GatezError } from '../errors/gatez-error.ts'

/** The way to a value in the file: names of fields and positions in lists. */
export type Path = readonly (string | number)[]

/** One thing that is wrong in the file, and where. Lines and columns count from 1. */
export interface ConfigProblem {
  readonly file: string
  readonly line: number
  readonly column: number
  /** As `plans[0].limits[1].per`; empty for the file as a whole. */
  readonly path: string
  readonly message: string
}

/** A place in the text of the file, counted from 1. */
export interface Place {
  readonly line: number
  readonly column: number
}

/** Gathers all problems of one file, so that they are reported at once. */
export class ProblemList {
  readonly #file: string
  readonly #problems: ConfigProblem[] = []

  /** `file` as the reader knows it: what they typed. */
  constructor(file: string) {
    this.#file = file
  }

  get isEmpty(): boolean {
    return this.#problems.length === 0
  }

  /** The one found first. */
  get first(): ConfigProblem | undefined {
    return this.#problems[0]
  }

  /** Adds a problem, unless the same was found at the same place before. */
  add(place: Place, path: Path, message: string): void {
    const written = pathText(path)
    const isKnown = this.#problems.some(
      (known) => known.line === place.line && known.column === place.column && known.message === message,
    )
    if (!isKnown) this.#problems.push({ file: this.#file, ...place, path: written, message })
  }

  /** All problems as one error, in the order of the file. */
  toError(code: 'config-invalid' | 'invalid-parameter' = 'config-invalid'): GatezError {
    const problems = this.#problems.toSorted((a, b) => a.line - b.line || a.column - b.column)
    const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`
    const lines = problems.slice(0, LINES_MAX).map((problem) => `\n  ${problemLine(problem)}`)
    const rest = problems.length - LINES_MAX
    const more = rest > 0 ? `\n  … and ${rest} more` : ''
    return new GatezError(code, `${count} in ${this.#file}${lines.join('')}${more}`, {
      extra: { problems },
    })
  }
}

const LINES_MAX = 50

/** `plans[0].limits[1].per`. */
function pathText(path: Path): string {
  let text = ''
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`
    else text += text === '' ? step : `.${step}`
  }
  return text
}

function problemLine(problem: ConfigProblem): string {
  const at = problem.path === '' ? '' : ` ${problem.path}`
  return `${problem.file}:${problem.line}:${problem.column}${at}: ${problem.message}`
}
