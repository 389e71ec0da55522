import {
  firstUi,
  ORDERS,
  STATUS_FILTERS,
  type Step,
  screenOf,
  type Typing,
  type Ui,
  VIEWS,
  type View,
} from './ui-state.ts'

/** What a key does: to what is shown, and beyond. */
export function press(ui: Ui, pressed: Pressed, at: PressedAt): Pressing {
  if (pressed.isCtrl === true) return pressed.input === 'c' ? { ui, act: { kind: 'quit' } } : { ui }
  if (ui.typing !== undefined) return type(ui, ui.typing, pressed, at.rows)
  if (ui.isHelp)
    return pressed.input === 'q' ? { ui, act: { kind: 'quit' } } : { ui: { ...ui, isHelp: false } }
  const quiet = { ...ui, note: '' }
  const moved = move(quiet, pressed, at) ?? turn(quiet, pressed)
  return moved === undefined ? act(quiet, pressed, at) : { ui: moved }
}

/** A key as it was pressed: what it writes, or its name. */
export interface Pressed {
  readonly input: string
  readonly name?: KeyName | undefined
  readonly isCtrl?: boolean
}

/** Keys that write nothing. */
export type KeyName =
  | ('up' | 'down' | 'page-up' | 'page-down' | 'home' | 'end')
  | ('enter' | 'escape' | 'left' | 'right' | 'tab' | 'back-tab' | 'backspace')

/** What is on the screen when it is pressed. */
export interface PressedAt {
  /** The rows, from the top, and what each opens. */
  readonly rows: readonly { readonly id: string; readonly opens?: Step | undefined }[]
  /** How many of them are seen at once. */
  readonly pageRows: number
  readonly mayWrite: boolean
}

/** What comes of it. */
export interface Pressing {
  readonly ui: Ui
  readonly act?: Act
}

/** What a key does beyond the screen. */
export type Act =
  | { readonly kind: 'quit' }
  | { readonly kind: 'refresh' }
  | { readonly kind: 'approve'; readonly keyId: string }
  | { readonly kind: 'reject'; readonly keyId: string; readonly reason: string }

/** The place of the chosen row; the first when it is gone. */
export function chosenIndex({ chosen }: Pick<Ui, 'chosen'>, rows: PressedAt['rows']): number {
  return Math.max(
    0,
    rows.findIndex(({ id }) => id === chosen),
  )
}

function type(ui: Ui, typing: Typing, { input, name }: Pressed, rows: PressedAt['rows']): Pressing {
  if (name === 'escape') {
    const search = typing.what === 'search' ? '' : ui.search
    return { ui: { ...ui, search, typing: undefined } }
  }
  if (name === 'enter') {
    const done = { ...ui, typing: undefined }
    if (typing.what === 'search') return { ui: done }
    const { keyId } = typing
    return { ui: pastRow(done, rows, keyId), act: { kind: 'reject', keyId, reason: typing.text.trim() } }
  }
  const text =
    name === 'backspace'
      ? [...typing.text].slice(0, -1).join('')
      : name === undefined
        ? (typing.text + input.replaceAll(/\p{Cc}/gu, '')).slice(0, TEXT_MAX)
        : typing.text
  const search = typing.what === 'search' ? text : ui.search
  return { ui: { ...ui, search, typing: { ...typing, text } } }
}

const TEXT_MAX = 200

/** Moves among the rows, and up and down the way. */
function move(ui: Ui, { input, name }: Pressed, { rows, pageRows }: PressedAt): Ui | undefined {
  const index = chosenIndex(ui, rows)
  const to = (place: number): Ui => {
    return { ...ui, chosen: rows[Math.min(rows.length - 1, Math.max(0, place))]?.id }
  }
  if (name === 'up' || input === 'k') return to(index - 1)
  if (name === 'down' || input === 'j') return to(index + 1)
  if (name === 'page-up') return to(index - pageRows)
  if (name === 'page-down') return to(index + pageRows)
  if (name === 'home' || input === 'g') return to(0)
  if (name === 'end' || input === 'G') return to(rows.length - 1)
  if (name === 'enter' || name === 'right') {
    const opens = rows[index]?.opens
    if (opens === undefined) return ui
    const above = [...ui.above, rows[index]?.id]
    return { ...ui, steps: [...ui.steps, opens], above, chosen: undefined, search: '' }
  }
  if (name === 'escape' || name === 'left' || name === 'backspace') {
    if (ui.steps.length === 0) return { ...ui, search: '' }
    return {
      ...ui,
      steps: ui.steps.slice(0, -1),
      above: ui.above.slice(0, -1),
      chosen: ui.above.at(-1),
      search: '',
    }
  }
  return undefined
}

/** Turns to another page, and changes what a page shows. */
function turn(ui: Ui, { input, name }: Pressed): Ui | undefined {
  const place = VIEWS.indexOf(ui.view)
  if (name === 'tab') return turnedTo(ui, VIEWS[(place + 1) % VIEWS.length])
  if (name === 'back-tab') return turnedTo(ui, VIEWS[(place + VIEWS.length - 1) % VIEWS.length])
  if (/^[1-9]$/.test(input)) return turnedTo(ui, VIEWS[Number(input) - 1])
  switch (input) {
    case '?':
      return { ...ui, isHelp: true }
    case '/':
      return { ...ui, typing: { what: 'search', text: ui.search } }
    case 'f':
      return { ...ui, statusFilter: (ui.statusFilter + 1) % STATUS_FILTERS.length }
    case 'o':
      return { ...ui, order: (ui.order + 1) % ORDERS.length }
    case 'p':
    case ' ':
      return { ...ui, isPaused: !ui.isPaused }
    default:
      return undefined
  }
}

function turnedTo(ui: Ui, view: View | undefined): Ui {
  if (view === undefined) return ui
  const { statusFilter, order, isPaused } = ui
  return { ...firstUi(view), statusFilter, order, isPaused }
}

function act(ui: Ui, { input }: Pressed, { rows, mayWrite }: PressedAt): Pressing {
  if (input === 'q') return { ui, act: { kind: 'quit' } }
  if (input === 'u') return { ui, act: { kind: 'refresh' } }
  if ((input !== 'a' && input !== 'r') || screenOf(ui).kind !== 'approvals') return { ui }
  if (!mayWrite) return { ui: { ...ui, note: READ_ONLY } }
  const keyId = rows[chosenIndex(ui, rows)]?.id
  if (keyId === undefined) return { ui: { ...ui, note: 'Nothing waits for approval.' } }
  // Another request moved under the mark: nobody meant that one.
  if (ui.chosen !== undefined && keyId !== ui.chosen)
    return {
      ui: { ...ui, chosen: keyId, note: 'The request you chose is decided already; this is another.' },
    }
  if (input === 'a') return { ui: pastRow(ui, rows, keyId), act: { kind: 'approve', keyId } }
  return { ui: { ...ui, typing: { what: 'reason', text: '', keyId } } }
}

/** With the next row chosen: this one is about to go. */
function pastRow(ui: Ui, rows: PressedAt['rows'], id: string): Ui {
  const index = rows.findIndex((row) => row.id === id)
  return { ...ui, chosen: rows[index + 1]?.id ?? rows[index - 1]?.id }
}

/** Why nothing can be decided here. */
export const READ_ONLY = 'This token may only read: approve and reject need one with the scope write.'
