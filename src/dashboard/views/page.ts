import type { BoardData } from '../board-data.ts'
import type { Line } from '../line.ts'
import type { Ui } from '../ui-state.ts'

/** What a page is drawn from. */
export interface Page {
  readonly data: BoardData
  readonly ui: Ui
  readonly columns: number
  /** Lines there are room for. */
  readonly rows: number
}

/** Draws a page: lines no longer and no more than there is room for. */
export type Draw = (page: Page) => readonly Line[]
