import { existsSync } from 'node:fs'
import { relative } from 'node:path'
import { systemUser } from '../app.ts'
import type { Config } from '../config/config.ts'
import { clockFromEnvironment, failPointFromEnvironment, processEnvironment } from '../config/environment.ts'
import { knownSecrets } from '../config/known-secrets.ts'
import { loadConfig } from '../config/load-config.ts'
import { checkedListen } from '../config/upstream-config.ts'
import { operatorTokenPath } from '../control/operator-token.ts'
import { GatezError } from '../errors/gatez-error.ts'
import { processStartMs } from '../lib/clock.ts'
import { armFailPoint } from '../lib/fail-point.ts'
import { type Serving, serve } from '../serve.ts'
import { describeError, openLog } from '../telemetry/log.ts'
import { FirstCalls } from './first-calls.ts'
import { listenUrl } from './listen-url.ts'
import { reloadOnChange } from './reload-file.ts'
import { configForUpstream, Welcome } from './serve-upstream.ts'
import { WatchedFiles } from './watched-files.ts'

/**
 * Serves what the file describes, or one API without a file, and returns after a signal ended it.
 *
 * Throws what kept it from starting, and what ended it unasked.
 */
export async function serveUntilStopped({ file, upstream, listen, print }: ServeRequest): Promise<void> {
  const env = processEnvironment()
  const clock = clockFromEnvironment(env)
  armFailPoint(failPointFromEnvironment(env))
  const alone = upstream === undefined ? undefined : configForUpstream(file, { upstream, listen }, env)
  const watched = new WatchedFiles(file, env)
  const load = (): Config => listeningOn(loadConfig(file, env), listen)
  const firstCalls = alone === undefined ? undefined : new FirstCalls(processStartMs(clock), print)
  const config = alone?.config ?? load()
  const log = openLog(knownSecrets(config))
  const signal = Promise.withResolvers<string>()
  const welcome = alone === undefined ? undefined : new Welcome(file, alone, print)
  const serving = await serve({
    config,
    clock,
    log,
    actor: `serve:${systemUser()}`,
    beforeListening: welcome === undefined ? undefined : () => welcome.showKey(),
    onListening: () => {
      for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => signal.resolve(name))
    },
    onEvents: firstCalls === undefined ? undefined : (events) => firstCalls.see(events),
  }).catch(withWayOut)
  if (serving.stalePlans)
    log.warn({ file }, 'plans newer than this file are in force: its plans were not applied')
  using _reloading = reloadOnChange({ file, watched, load, serving, log, print })
  print(`gatez listens on ${listenUrl(serving)} (${threads(serving.threads)})`)
  printControl(serving, config, print)
  if (alone === undefined && !existsSync(file))
    print(`There is no ${file} here: it serves what --upstream named last.`)
  await welcome?.showCall(serving)

  // The first gateway thread is this one: a fault in it must end the process in words, like one in the others.
  const fault = new Promise<unknown>((resolve) => {
    process.on('uncaughtException', resolve)
  })
  const died = Promise.race([serving.died, fault]).then((error) => {
    log.error(describeError(error), 'a part of the gateway died: ending, so that it can start clean')
    // Threads that live on would keep the process, and the port, for ever. What they hold is owed to no one:
    // no answer ended without its event.
    setTimeout(() => process.exit(), TELL_MS)
    throw error
  })
  print(`${await Promise.race([signal.promise, died])}: letting calls in flight end …`)
  process.once('SIGTERM', () => process.exit(1))
  process.once('SIGINT', () => process.exit(1))
  await Promise.race([serving.stop(), died])
  print('Stopped. Every event is in the ledger.')
}

export interface ServeRequest {
  /** Need not exist when `upstream` is given; must not then. */
  readonly file: string
  /** The URL of the one API to serve. */
  readonly upstream?: string | undefined
  /** Takes the place of gateway.listen, as `host:port`. */
  readonly listen?: string | undefined
  /** Gets what people read. */
  readonly print: (line: string) => void
}

function printControl({ control, portal }: Serving, { stores }: Config, print: (line: string) => void): void {
  const token = relative('.', operatorTokenPath(stores.dataDir))
  print(`Control API on ${listenUrl(control)}, its token in ${token}`)
  if (portal !== null) print(`Portal on ${listenUrl(portal)}`)
}

function listeningOn(config: Config, listen: string | undefined): Config {
  if (listen === undefined) return config
  return { ...config, gateway: { ...config.gateway, listen: checkedListen(listen) } }
}

/** Who has no file, or may not change it, can take another port all the same. */
function withWayOut(error: unknown): never {
  if (!(error instanceof GatezError) || error.code !== 'port-taken') throw error
  if (!error.message.startsWith('gateway.listen')) throw error
  const detail = `${error.message} gatez serve --listen HOST:PORT takes another for this run.`
  throw new GatezError('port-taken', detail, { cause: error })
}

/** Time to tell what went wrong before the process ends. */
const TELL_MS = 100

function threads(count: number): string {
  return count === 1 ? '1 thread' : `${count} threads`
}
