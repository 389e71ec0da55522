import { Box, Text, useApp, useInput, useWindowSize } from 'ink'
import { useEffect, useRef, useState, useSyncExternalStore } from 'react'
import type { ControlClient } from '../control/client.ts'
import { GatezError } from '../errors/gatez-error.ts'
import type { Board } from './board.ts'
import { mayWrite } from './board-data.ts'
import type { Line, Piece, Tone } from './line.ts'
import { type Act, type Pressed, press } from './press.ts'
import { rowsOf } from './rows.ts'
import { drawScreen, pageRowsOf, wishOf } from './screen.ts'
import { screenOf, type Ui } from './ui-state.ts'

/** The dashboard: shows what the board reads, and does what keys say. */
export function App({ board, client, place, first, hasColours }: AppProps) {
  const data = useSyncExternalStore(board.subscribe, board.current)
  const [ui, setUi] = useState(first)
  const { columns, rows } = useWindowSize()
  const { exit } = useApp()
  // Several keys may come before the next frame: each must see what the one before did.
  const latest = useRef(ui)
  const show = (next: Ui): void => {
    latest.current = next
    board.pause(next.isPaused)
    board.want(wishOf(board.current(), next))
    setUi(next)
  }
  useEffect(() => {
    const { chosen } = latest.current
    const [row] = rowsOf(data, latest.current)
    // The mark belongs to a request, not to a place: whoever presses a means the one that was there.
    if (screenOf(latest.current).kind === 'approvals' && chosen === undefined && row !== undefined) {
      latest.current = { ...latest.current, chosen: row.id }
      setUi(latest.current)
    }
    board.want(wishOf(data, latest.current))
  }, [board, data])
  const doAct = (act: Act): void => {
    if (act.kind === 'quit') exit()
    else if (act.kind === 'refresh') board.refresh()
    else {
      void decide(client, act).then((note) => {
        show({ ...latest.current, note })
        board.refresh()
      })
    }
  }
  useInput((input, key) => {
    const current = board.current()
    const at = {
      rows: rowsOf(current, latest.current),
      pageRows: pageRowsOf(rows),
      mayWrite: mayWrite(current),
    }
    for (const pressed of pressedOf(input, key)) {
      const { ui: next, act } = press(latest.current, pressed, at)
      show(next)
      if (act !== undefined) doAct(act)
    }
  })
  return (
    <Box flexDirection="column" width={columns} height={rows} overflow="hidden">
      {placed(drawScreen({ data, ui, place, columns, rows })).map(({ at, one }) => (
        <ShownLine key={at} shown={one} hasColours={hasColours} />
      ))}
    </Box>
  )
}

/** What it needs. */
export interface AppProps {
  readonly board: Board
  readonly client: ControlClient
  readonly place: string
  /** As it begins. */
  readonly first: Ui
  readonly hasColours: boolean
}

/** One line of the screen; what is too long for it is cut. */
function ShownLine({ shown, hasColours }: { readonly shown: Line; readonly hasColours: boolean }) {
  const { pieces, isChosen = false } = shown
  return (
    <Text wrap="truncate-end" inverse={isChosen && hasColours} bold={isChosen}>
      {pieces.length === 0 ? ' ' : placed(pieces).map(({ at, one }) => shownPiece(one, at, hasColours))}
    </Text>
  )
}

/** Lines and pieces are places on the screen: what stands there changes, the place stays. */
function placed<Thing>(things: readonly Thing[]): readonly { readonly at: string; readonly one: Thing }[] {
  return things.map((one, index) => ({ at: String(index), one }))
}

function shownPiece({ text, tone, bold = false }: Piece, key: string, hasColours: boolean) {
  const style = hasColours && tone !== undefined ? STYLES[tone] : {}
  return (
    <Text key={key} bold={bold} {...style}>
      {text}
    </Text>
  )
}

const STYLES: Readonly<Record<Tone, { readonly color?: string; readonly dimColor?: boolean }>> = {
  good: { color: 'green' },
  warn: { color: 'yellow' },
  bad: { color: 'red' },
  accent: { color: 'cyan' },
  faint: { dimColor: true },
}

/** Grants or turns down a request, and says in words what came of it. */
async function decide(client: ControlClient, act: Extract<Act, { keyId: string }>): Promise<string> {
  const keys = [act.keyId]
  try {
    if (act.kind === 'approve') {
      await client.call('approveKeys', { keys })
      return `Approved ${act.keyId}.`
    }
    await client.call('rejectKeys', { keys, ...(act.reason !== '' && { reason: act.reason }) })
    return `Rejected ${act.keyId}.`
  } catch (error) {
    return error instanceof GatezError ? error.message : `${act.keyId} could not be decided on.`
  }
}

/** Keys as they were pressed: pasted and quickly typed letters come as one piece. */
function pressedOf(input: string, key: Parameters<Parameters<typeof useInput>[0]>[1]): readonly Pressed[] {
  const name = NAMES.find(([flag]) => key[flag])?.[1]
  if (name === 'tab') return [{ input: '', name: key.shift ? 'back-tab' : 'tab' }]
  if (name !== undefined) return [{ input: '', name }]
  if (key.ctrl) return [{ input, isCtrl: true }]
  return [...input].map((letter) =>
    letter === '\r' ? { input: '', name: 'enter' as const } : { input: letter },
  )
}

const NAMES = [
  ['upArrow', 'up'],
  ['downArrow', 'down'],
  ['leftArrow', 'left'],
  ['rightArrow', 'right'],
  ['pageUp', 'page-up'],
  ['pageDown', 'page-down'],
  ['home', 'home'],
  ['end', 'end'],
  ['return', 'enter'],
  ['escape', 'escape'],
  ['backspace', 'backspace'],
  ['delete', 'backspace'],
  ['tab', 'tab'],
] as const
