import type { Config } from '../config/config.ts'
import { GatezError } from '../errors/gatez-error.ts'
import type { Serving } from '../serve.ts'
import { describeError, type Log } from '../telemetry/log.ts'
import type { WatchedFiles } from './watched-files.ts'

/** How often the files are looked at: a change is in force within about a second. */
const WATCH_MS = 500

export interface ReloadParts {
  readonly file: string
  readonly watched: WatchedFiles
  /** Reads it; throws what is wrong with it. */
  readonly load: () => Config
  readonly serving: Serving
  readonly log: Log
  /** Gets what people read. */
  readonly print: (line: string) => void
}

/**
 * Reads the file again on SIGHUP, and when it or a file it names changed, until disposed.
 *
 * All of it is put in force, or none: a file with a mistake in it leaves the old one running, and says so.
 */
export function reloadOnChange(parts: ReloadParts): Disposable {
  const { watched } = parts
  // One at a time, in the order asked: the last word wins.
  let last = Promise.resolve()
  let isOwed = false
  const reload = (plans: 'apply' | 'keep'): void => {
    last = last.then(async () => {
      // Plans that a mistake elsewhere kept out of force are still to be applied when it is mended.
      const asked = isOwed ? 'apply' : plans
      isOwed = !(await reloadOnce(parts, asked)) && asked === 'apply'
    })
  }
  const look = (): void => {
    const changed = watched.changed()
    // A new certificate says nothing of plans: those of a file that is older than the store stay out of force.
    if (changed !== undefined) reload(changed === 'file' ? 'apply' : 'keep')
  }
  const hangUp = (): void => {
    watched.markSeen()
    reload('apply')
  }
  const timer = setInterval(look, WATCH_MS)
  process.on('SIGHUP', hangUp)
  return {
    [Symbol.dispose]: () => {
      clearInterval(timer)
      process.off('SIGHUP', hangUp)
    },
  }
}

/** Whether it is in force. */
async function reloadOnce(parts: ReloadParts, plans: 'apply' | 'keep'): Promise<boolean> {
  const { file, load, serving, log, print } = parts
  try {
    const restart = await serving.reload(load(), plans)
    log.info({ file, restart }, 'the file was read again')
    print(`Read ${file} again: it is in force.`)
    if (restart.length > 0) print(`→ ${restart.join(', ')}: changed with the next start of gatez serve.`)
    return true
  } catch (error) {
    log.error({ file, ...describeError(error) }, 'the file was not put in force: the old one stays')
    const why = error instanceof GatezError ? error.message : 'see the log.'
    print(`${file} was not put in force, the old one stays: ${why}`)
    print('→ gatez config check says what to mend.')
    return false
  }
}
