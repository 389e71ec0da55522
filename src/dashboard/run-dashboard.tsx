import { render } from 'ink'
import type { ControlClient } from '../control/client.ts'
import type { Clock } from '../lib/clock.ts'
import { App } from './app.tsx'
import { Board } from './board.ts'
import { NOTHING_YET } from './board-data.ts'
import { wishOf } from './screen.ts'
import { firstUi, type View } from './ui-state.ts'

/** Frames a second at most: over a slow line more would only queue up. */
const FRAMES = 8

/**
 * Shows the dashboard on a terminal until its user leaves, `signal` aborts, or the terminal goes away.
 *
 * It draws on the alternate screen, so what the terminal showed is there again afterwards, whichever way it ends.
 * Throws what broke it.
 */
export async function runDashboard(parts: DashboardParts): Promise<void> {
  const { client, clock, place, view, stdin, stdout, signal } = parts
  const first = firstUi(view)
  const board = new Board({ client, clock, wish: wishOf(NOTHING_YET, first) })
  const hasColours = stdout.hasColors?.() ?? false
  const app = render(<App {...{ board, client, place, first, hasColours }} />, {
    ...{ stdin, stdout, maxFps: FRAMES, incrementalRendering: true },
    ...{ alternateScreen: true, exitOnCtrlC: false, interactive: true, patchConsole: true },
  })
  const leave = (): void => app.unmount()
  signal.addEventListener('abort', leave)
  stdin.once('end', leave)
  try {
    board.start()
    await app.waitUntilExit()
  } finally {
    board.stop()
    signal.removeEventListener('abort', leave)
    stdin.off('end', leave)
    app.cleanup()
  }
}

/** Where it looks, and where it is shown. */
export interface DashboardParts {
  readonly client: ControlClient
  readonly clock: Clock
  /** Where the data comes from, in a word. */
  readonly place: string
  readonly view: View
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
  readonly signal: AbortSignal
}
