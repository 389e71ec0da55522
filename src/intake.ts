import { type App, openApp } from './app.ts'
import { processEnvironment, remoteFromEnvironment } from './config/environment.ts'
import { remoteIntake } from './control/remote.ts'
import { Router } from './gateway/router.ts'
import { readTarget } from './gateway/target.ts'
import { copyEvents } from './ingest/copy-events.ts'
import type { FileRun, FileTally } from './ingest/file-tally.ts'
import { importLog, type RouteOfEntry } from './ingest/import-log.ts'
import { ingestFile } from './ingest/ingest-file.ts'
import { readItems } from './ingest/read-items.ts'
import { EventTaker } from './ingest/take-events.ts'
import { type RetryTally, retryUnattributed } from './ingest/unattributed.ts'
import { UlidMaker } from './lib/id.ts'
import { openUsageLog } from './storage/open.ts'
import type { UsageLog } from './storage/ports/usage-log.ts'

/** No gateway thread has this number, nor has the ingest thread: ids made here are of a maker of their own. */
const THREAD = 30

/**
 * What commands need that bring usage in: the app, and the usage log beside it. May run beside `gatez serve`.
 *
 * Dispose it when done.
 */
export async function openIntake(configFile: string): Promise<Intake> {
  const remote = remoteFromEnvironment(processEnvironment(), configFile)
  if (remote !== undefined) return remoteIntake(remote)
  await using opened = new AsyncDisposableStack()
  const app = opened.use(await openApp(configFile))
  const usageLog = opened.use(await openUsageLog(app.config))
  const intake = intakeOn(app, usageLog)
  const keep = opened.move()
  return { ...intake, [Symbol.asyncDispose]: () => keep.disposeAsync() }
}

/** What brings usage in. */
export interface Intake extends AsyncDisposable {
  /** `stdin` is read where the file is `-`. */
  ingestFile(file: string, run: FileRun, stdin?: AsyncIterable<Uint8Array>): Promise<FileTally>
  importLog(file: string, run: WrittenImport, stdin?: AsyncIterable<Uint8Array>): Promise<FileTally>
  retryUnattributed(onProgress: (tried: number) => void): Promise<RetryTally>
}

/** The same on stores that are open. */
export function intakeOn(
  { store, clock, config, actor }: Pick<App, 'config' | 'clock' | 'store' | 'actor'>,
  usageLog: UsageLog,
): Omit<Intake, typeof Symbol.asyncDispose> {
  const ids = new UlidMaker(clock, { epoch: 0, thread: THREAD })
  const taker = new EventTaker({ store, clock, ids, dimensions: () => config.dimensions })
  const { meters } = config

  return {
    ingestFile: (file: string, run: FileRun, stdin: AsyncIterable<Uint8Array> = process.stdin) =>
      recorded('usage.ingested', file, () => ingestFile({ taker, meters }, readItems(file, stdin), run)),
    importLog: async (
      file: string,
      { source, dryRun, ...run }: WrittenImport,
      stdin: AsyncIterable<Uint8Array> = process.stdin,
    ) => {
      const routeOf = routeFinder(new Router(config.apis))
      const items = readItems(file, stdin)
      const work = () => importLog({ store, clock, ids, routeOf }, items, { ...run, dryRun, source })
      return dryRun ? work() : recorded('usage.imported', file, work)
    },
    retryUnattributed: async (onProgress: (tried: number) => void): Promise<RetryTally> => {
      const tally = await retryUnattributed({ store, taker, meters }, onProgress)
      await copyEvents({ store, usageLog })
      return tally
    },
  }

  /** What is in the ledger goes into the usage log, and who did it into the audit, also when it broke off. */
  async function recorded(action: string, file: string, work: () => Promise<FileTally>): Promise<FileTally> {
    try {
      const tally = await work()
      const { problems: _, ...detail } = tally
      await store.audit.insert({
        ...{ atMs: clock.nowMs(), actor, action, subject: 'usage' },
        detail: { file, ...detail },
      })
      return tally
    } finally {
      await copyEvents({ store, usageLog })
    }
  }
}

/** What `usage import` was asked for. */
export interface WrittenImport extends FileRun {
  readonly source: string
  readonly dryRun: boolean
}

/** Hosts are not in such logs: an api that answers to some hosts only is not found by it. */
function routeFinder(router: Router): (method: string, endpoint: string) => RouteOfEntry | undefined {
  return (method, endpoint) => {
    const target = readTarget(endpoint)
    const found = target === undefined ? undefined : router.match('', method, target.path)
    if (target === undefined || found === undefined || !('route' in found)) return undefined
    return { apiId: found.api.id, route: found.route, path: target.path }
  }
}
