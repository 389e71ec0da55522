import { statSync } from 'node:fs'
import type { Config } from '../config/config.ts'
import { GatezError } from '../errors/gatez-error.ts'
import type { Serving } from '../serve.ts'
import { describeError, type Log } from '../telemetry/log.ts'

/** How often the file is looked at. */
const WATCH_MS = 500

export interface ReloadParts {
  readonly file: string
  /** What `fileState` said before the file was first read: a change since then counts, too. */
  readonly seen: string
  /** Reads it; throws what is wrong with it. */
  readonly load: () => Config
  readonly serving: Serving
  readonly log: Log
  /** Gets what people read. */
  readonly print: (line: string) => void
}

/**
 * Reads the file again on SIGHUP and when it changed, until disposed.
 *
 * All of it is put in force, or none: a file with a mistake in it leaves the old one running, and says so.
 */
export function reloadOnChange(parts: ReloadParts): Disposable {
  // One at a time, in the order asked: the last word wins.
  let last = Promise.resolve()
  const reload = (): void => {
    last = last.then(() => reloadOnce(parts))
  }
  let { seen } = parts
  const look = (): void => {
    const state = fileState(parts.file)
    // Gone: an editor is about to put the new one in its place.
    if (state === seen || state === GONE) return
    seen = state
    reload()
  }
  const timer = setInterval(look, WATCH_MS)
  process.on('SIGHUP', reload)
  return {
    [Symbol.dispose]: () => {
      clearInterval(timer)
      process.off('SIGHUP', reload)
    },
  }
}

/** Something that differs whenever the file was written or replaced. */
export function fileState(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false })
  return stat === undefined ? GONE : `${stat.mtimeMs} ${stat.size} ${stat.ino}`
}

const GONE = ''

async function reloadOnce({ file, load, serving, log, print }: ReloadParts): Promise<void> {
  try {
    const restart = await serving.reload(load())
    log.info({ file, restart }, 'the file was read again')
    print(`Read ${file} again: it is in force.`)
    if (restart.length > 0) print(`→ ${restart.join(', ')}: changed with the next start of gatez serve.`)
  } catch (error) {
    log.error({ file, ...describeError(error) }, 'the file was not put in force: the old one stays')
    const why = error instanceof GatezError ? error.message : 'see the log.'
    print(`${file} was not put in force, the old one stays: ${why}`)
    print('→ gatez config check says what to mend.')
  }
}
