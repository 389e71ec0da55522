import { AsyncLocalStorage } from 'node:async_hooks'
import { onTestFinished } from 'vitest'

/** Calls `undo` at the end of the scope that runs, or else of the test that runs. */
export function atEnd(undo: Undo): void {
  const scope = scopes.getStore()
  if (scope === undefined) onTestFinished(undo)
  else scope.push(undo)
}

/**
 * Runs something with an end of its own: what it opened is closed with it, the last first.
 *
 * So a program outside of vitest can use what tests use, and a long one does not pile up what it is done with.
 * Several may run at once.
 */
export async function scoped<Result>(run: () => Promise<Result>): Promise<Result> {
  const mine: Undo[] = []
  try {
    return await scopes.run(mine, run)
  } finally {
    for (const undo of mine.toReversed()) await undo()
  }
}

type Undo = () => void | Promise<void>

const scopes = new AsyncLocalStorage<Undo[]>()
