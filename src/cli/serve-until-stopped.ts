import { systemUser } from '../app.ts'
import { clockFromEnvironment, processEnvironment } from '../config/environment.ts'
import { loadConfig } from '../config/load-config.ts'
import { serve } from '../serve.ts'
import { describeError, openLog } from '../telemetry/log.ts'
import { reloadOnChange } from './reload-file.ts'

/**
 * Serves what the file describes and returns after a signal ended it; `print` gets what people read.
 *
 * Throws what kept it from starting, and what ended it unasked.
 */
export async function serveUntilStopped(file: string, print: (line: string) => void): Promise<void> {
  const env = processEnvironment()
  const config = loadConfig(file, env)
  const log = openLog()
  const serving = await serve({
    config,
    clock: clockFromEnvironment(env),
    log,
    actor: `serve:${systemUser()}`,
  })
  if (serving.stalePlans)
    log.warn({ file }, 'plans newer than this file are in force: its plans were not applied')
  // Before it says that it listens: who reads that may ask it to stop the next moment.
  const signal = new Promise<string>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => resolve(name))
  })
  using _reloading = reloadOnChange({ file, env, serving, log, print })
  print(`gatez listens on http://${serving.host}:${serving.port} (${threads(serving.threads)})`)

  const died = serving.died.then((error) => {
    log.error(describeError(error), 'a part of the gateway died: ending, so that it can start clean')
    // Threads that live on would keep the process, and the port, for ever. What they hold is owed to no one:
    // no answer ended without its event.
    setTimeout(() => process.exit(), TELL_MS)
    throw error
  })
  print(`${await Promise.race([signal, died])}: letting calls in flight end …`)
  process.once('SIGTERM', () => process.exit(1))
  process.once('SIGINT', () => process.exit(1))
  await Promise.race([serving.stop(), died])
  print('Stopped. Every event is in the ledger.')
}

/** Time to tell what went wrong before the process ends. */
const TELL_MS = 100

function threads(count: number): string {
  return count === 1 ? '1 thread' : `${count} threads`
}
