import { onTestFinished } from 'vitest'

/** Calls `undo` at the end of the scope that runs, or else of the test that runs. */
export function atEnd(undo: Undo): void {
  if (scope === undefined) onTestFinished(undo)
  else scope.push(undo)
}

/**
 * Runs something with an end of its own: what it opened is closed with it, the last first.
 *
 * So a program outside of vitest can use what tests use, and a long one does not pile up what it is done with.
 */
export async function scoped<Result>(run: () => Promise<Result>): Promise<Result> {
  const outer = scope
  const mine: Undo[] = []
  scope = mine
  try {
    return await run()
  } finally {
    for (const undo of mine.toReversed()) await undo()
    scope = outer
  }
}

type Undo = () => void | Promise<void>

let scope: Undo[] | undefined
