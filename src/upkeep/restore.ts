import { copyFileSync, existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Config } from '../config/config.ts'
import { GatezError } from '../errors/gatez-error.ts'
import type { Clock } from '../lib/clock.ts'
import { makeFolder } from '../lib/make-folder.ts'
import { spoolFileAt, spoolFiles } from '../metering/spool-files.ts'
import { SpoolReader } from '../metering/spool-reader.ts'
import { Shipper } from '../shipping/ship.ts'
import { lockDataFolder, openControlStore, openUsageLog } from '../storage/open.ts'
import { backupPath, type Manifest, readBackup } from './backup-manifest.ts'
import { diskProblem } from './disk-problem.ts'
import { notInFiles } from './not-in-files.ts'

/**
 * Puts a backup in the place of the stores.
 *
 * What its spool held is brought into the ledger and the usage log first, under the node it came from. A usage
 * log in ClickHouse keeps what it has: gatez reconcile then names the events that came after the backup.
 * The restored stores begin a node of their own, so nothing they count can be taken for what the old
 * ones counted after the backup. What was there before is set aside, not deleted.
 *
 * Throws `not-found`, `backup-damaged`, `data-folder-locked` while a gateway serves, `already-exists`
 * without `replace`; the stores are as they were then.
 */
export async function restore({ config, clock }: RestoreParts, request: RestoreRequest): Promise<Restored> {
  const { stores } = config
  const { control } = stores
  if (control.driver !== 'sqlite') throw notInFiles(config)
  const manifest = await readBackup(request.folder)
  makeFolder(stores.dataDir, 0o700)
  using _lock = lockDataFolder(stores.dataDir)
  const { usage } = stores
  const targets = { control: control.path, usage: usage.driver === 'sqlite' ? usage.path : undefined }
  const there = storeFiles(stores)
  if (there.length > 0 && !request.replace) {
    throw new GatezError(
      'already-exists',
      `There are stores already: ${there.join(', ')}. With --force they are set aside.`,
    )
  }
  const staged = {
    control: `${targets.control}.restoring`,
    usage: targets.usage === undefined ? undefined : `${targets.usage}.restoring`,
  }
  const spool = join(stores.dataDir, 'spool.db.restoring')
  try {
    copyIn(request.folder, manifest, { ...staged, spool })
    const shipped = await shipSpool({ staged, spool, nodeId: manifest.node_id, config, clock })
    const aside = setAside(there, clock)
    renameSync(staged.control, targets.control)
    if (staged.usage !== undefined && targets.usage !== undefined && existsSync(staged.usage)) {
      renameSync(staged.usage, targets.usage)
    }
    return { manifest, shipped, setAside: aside }
  } catch (error) {
    throw diskProblem(error, `The backup cannot be put in place in ${stores.dataDir}`)
  } finally {
    const spools = spoolFiles(spool).map(({ path }) => path)
    for (const path of [staged.control, staged.usage, ...spools]) if (path !== undefined) remove(path)
  }
}

/** The files of stores that are there, with what SQLite keeps beside them. */
export function storeFiles({ dataDir, control, usage }: Config['stores']): readonly string[] {
  const ofControl = control.driver === 'sqlite' ? [control.path] : []
  const ofLog = usage.driver === 'sqlite' ? [usage.path] : []
  const spools = spoolFiles(join(dataDir, 'spool.db')).map(({ path }) => path)
  return [...ofControl, ...ofLog, ...spools, join(dataDir, 'node')]
    .flatMap((path) => [path, `${path}-wal`, `${path}-shm`])
    .filter((path) => existsSync(path))
}

export interface RestoreParts {
  readonly config: Pick<Config, 'stores' | 'meters' | 'dimensions'>
  readonly clock: Clock
}

export interface RestoreRequest {
  readonly folder: string
  /** Set aside what is there. */
  readonly replace: boolean
}

export interface Restored {
  readonly manifest: Manifest
  /** Events that were still in the spool. */
  readonly shipped: number
  /** Where the stores that were there are now. */
  readonly setAside: readonly string[]
}

function copyIn(folder: string, manifest: Manifest, paths: StagedFiles & { readonly spool: string }): void {
  for (const { name } of manifest.files) {
    const [, spoolNumber] = /^spool(?:-(\d+))?$/.exec(name) ?? []
    const path =
      name === 'control' || name === 'usage'
        ? paths[name]
        : spoolFileAt(paths.spool, Number(spoolNumber ?? 1))
    if (path === undefined) continue
    remove(path)
    makeFolder(dirname(path), 0o700)
    copyFileSync(backupPath(folder, name), path)
  }
}

/** Brings what the spool holds into the stores, exactly as a start would, and returns how many events. */
async function shipSpool(parts: {
  readonly staged: StagedFiles
  readonly spool: string
  readonly nodeId: string
  readonly config: RestoreParts['config']
  readonly clock: Clock
}): Promise<number> {
  const { staged, config, clock, nodeId } = parts
  const stores = {
    ...config.stores,
    control: { driver: 'sqlite', path: staged.control } as const,
    usage:
      staged.usage === undefined ? config.stores.usage : ({ driver: 'sqlite', path: staged.usage } as const),
  }
  await using store = await openControlStore({ stores }, clock)
  await using usageLog = await openUsageLog({ stores })
  const spool = new SpoolReader(parts.spool)
  try {
    return await new Shipper({ spool, store, usageLog, nodeId, metering: config, onShipped: () => {} }).ship()
  } finally {
    spool.close()
  }
}

/** Where the files of stores are until all is right with them; a usage log that is no file stays where it is. */
interface StagedFiles {
  readonly control: string
  readonly usage: string | undefined
}

function setAside(paths: readonly string[], clock: Clock): readonly string[] {
  const stamp = new Date(clock.nowMs()).toISOString().replaceAll(/[-:]|\..*/g, '')
  return paths.map((path) => {
    const aside = `${path}.before-restore-${stamp}`
    renameSync(path, aside)
    return aside
  })
}

/** A file and what SQLite keeps beside it. */
function remove(path: string): void {
  const folder = dirname(path)
  if (!existsSync(folder)) return
  for (const name of readdirSync(folder)) {
    if (name.startsWith(basename(path))) rmSync(join(folder, name))
  }
}
