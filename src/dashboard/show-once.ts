import type { ControlClient } from '../control/client.ts'
import type { Clock } from '../lib/clock.ts'
import { Board } from './board.ts'
import { type BoardData, NOTHING_YET } from './board-data.ts'
import { textOf } from './line.ts'
import { drawScreen, wishOf } from './screen.ts'
import { firstUi, type View } from './ui-state.ts'

/**
 * Reads everything once and returns it, with the screen it makes as plain text.
 *
 * Throws what is wrong when the control API cannot be asked at all.
 */
export async function showOnce({ client, clock, place, view, columns, rows }: OnceParts): Promise<ShownOnce> {
  const ui = firstUi(view)
  const board = new Board({ client, clock, wish: wishOf(NOTHING_YET, ui) })
  try {
    // What is on the screen depends on which tenants there are.
    board.want(wishOf(await board.readOnce(), ui))
    const data = await board.readOnce()
    const lines = drawScreen({ data, ui, place, columns, rows })
    return { data, text: lines.map((each) => textOf(each).trimEnd()).join('\n') }
  } finally {
    board.stop()
  }
}

/** Where it looks, and how large the screen is. */
export interface OnceParts {
  readonly client: ControlClient
  readonly clock: Clock
  readonly place: string
  readonly view: View
  readonly columns: number
  readonly rows: number
}

/** One frame, and what it was drawn from. */
export interface ShownOnce {
  readonly data: BoardData
  readonly text: string
}
