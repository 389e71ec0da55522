import { GatezError } from '../errors/gatez-error.ts'

/** What came of a file so far; the names are stable. */
export interface FileTally {
  /** Events looked at. */
  readonly read: number
  /** Counted now. */
  readonly accepted: number
  /** Counted before. */
  readonly duplicates: number
  /** Kept, because no meter takes them. */
  readonly unmatched: number
  /** More than a day old. */
  readonly late: number
  readonly failed: number
  /** What is done through this line holds, whatever comes: go on behind it, or begin again. */
  readonly through_line: number
  /** The first of those that failed. */
  readonly problems: readonly FileProblem[]
}

/** Why a line does not count. */
export interface FileProblem {
  readonly line: number
  readonly code: string
  readonly detail: string
}

/** What came of one line. */
export type LineOutcome = 'accepted' | 'duplicate' | 'unmatched' | Omit<FileProblem, 'line'>

/** Adds up what comes of the lines of a file. */
export class FileTallier {
  readonly #problems: FileProblem[] = []
  #read = 0
  #accepted = 0
  #duplicates = 0
  #unmatched = 0
  #late = 0
  #failed = 0
  #throughLine = 0

  add(line: number, outcome: LineOutcome, late = false): void {
    this.#read += 1
    this.#throughLine = line
    if (late) this.#late += 1
    if (outcome === 'accepted') this.#accepted += 1
    else if (outcome === 'duplicate') this.#duplicates += 1
    else if (outcome === 'unmatched') this.#unmatched += 1
    else {
      this.#failed += 1
      if (this.#problems.length < PROBLEMS_MAX) this.#problems.push({ line, ...outcome })
    }
  }

  tally(): FileTally {
    return {
      read: this.#read,
      accepted: this.#accepted,
      duplicates: this.#duplicates,
      unmatched: this.#unmatched,
      late: this.#late,
      failed: this.#failed,
      through_line: this.#throughLine,
      problems: [...this.#problems],
    }
  }
}

/** How a file is gone through. */
export interface FileRun {
  /** Lines before it are passed over. */
  readonly fromLine: number
  /** Ends it between two transactions. */
  readonly signal: AbortSignal
  /** Called after each transaction. */
  readonly onProgress: (tally: FileTally) => void
}

/** Lines in one transaction. */
export const LINES_AT_ONCE = 1_000

/** Says where it stopped when the store could not go on. */
export function stoppedAt(error: unknown, { through_line: line }: FileTally): unknown {
  if (!(error instanceof GatezError) || line === 0) return error
  const detail = `${error.message} What stands before line ${line + 1} is counted; run it again when this is mended, nothing counts twice.`
  return new GatezError(error.code, detail, { cause: error })
}

const PROBLEMS_MAX = 100
