import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Config } from '../config/config.ts'
import { GatezError } from '../errors/gatez-error.ts'
import type { Clock } from '../lib/clock.ts'
import { isoTime } from '../lib/iso-time.ts'
import { makeFolder } from '../lib/make-folder.ts'
import { spoolFiles } from '../metering/spool-files.ts'
import { damageOf, snapshotStores } from '../storage/open.ts'
import { gapAt, type StoresSnapshot } from '../storage/ports/stores-snapshot.ts'
import { type BackupFile, backupPath, MANIFEST, type Manifest, measure } from './backup-manifest.ts'
import { diskProblem } from './disk-problem.ts'
import { notInFiles } from './not-in-files.ts'

/** Snapshots taken in a row before it is given up; shipping is between two stores for milliseconds. */
const TRIES_MAX = 100
const TRY_AGAIN_MS = 50

/**
 * Copies all stores into a new folder, as they were at one moment, while a gateway may be writing.
 *
 * Every event that was durable at that moment is in it, once; a usage log in ClickHouse stays there, and has
 * backups of its own. The copies are checked before the folder
 * gets its name, so a backup that is there is whole. Throws `already-exists`, `store-unavailable` and
 * what the disk refuses; nothing is left behind then.
 */
export async function backUp({ config, clock }: BackUpParts, request: BackUpRequest): Promise<Manifest> {
  const { folder } = request
  if (existsSync(folder)) {
    throw new GatezError('already-exists', `${folder} exists already; a backup never overwrites anything.`)
  }
  const staging = `${folder}.partial-${process.pid}`
  try {
    makeFolder(dirname(folder), 0o700)
    mkdirSync(staging, { mode: 0o700 })
    const manifest = await copyStores({ config, clock }, { ...request, folder: staging })
    const path = join(staging, MANIFEST)
    writeFileSync(path, `${JSON.stringify(manifest, undefined, 2)}\n`, { mode: 0o600 })
    chmodSync(staging, 0o700)
    renameSync(staging, folder)
    return manifest
  } catch (error) {
    if (existsSync(staging)) rmSync(staging, { recursive: true })
    throw diskProblem(error, `The backup ${folder} cannot be written`)
  }
}

export interface BackUpParts {
  readonly config: Pick<Config, 'stores'>
  readonly clock: Clock
}

export interface BackUpRequest {
  /** Must not exist yet. */
  readonly folder: string
  /** Of this gatez, for the record. */
  readonly version: string
}

async function copyStores({ config, clock }: BackUpParts, request: BackUpRequest): Promise<Manifest> {
  const { dataDir, control } = config.stores
  if (control.driver !== 'sqlite') throw notInFiles(config)
  if (!existsSync(control.path)) {
    throw new GatezError('store-unavailable', `There is nothing to back up: ${control.path} does not exist.`)
  }
  const nodeId = nodeIdIn(dataDir)
  const take = (): Promise<StoresSnapshot> =>
    snapshotStores(
      config,
      spoolFiles(join(dataDir, 'spool.db')).map(({ path }) => path),
    )
  using snapshot = await takeWhole(take, nodeId)
  const createdAt = isoTime(clock.nowMs())
  const files: BackupFile[] = []
  for (const name of snapshot.names) {
    const path = backupPath(request.folder, name)
    await snapshot.copy(name, path)
    const [damage] = damageOf(path)
    if (damage !== undefined) {
      throw new GatezError('store-unavailable', `The store ${name} is damaged, its copy too: ${damage}`)
    }
    files.push({ name, ...(await measure(path)) })
  }
  const places = (await snapshot.places(nodeId)).map(({ epoch, ledger, usageLog, spoolLast }) => ({
    ...{ epoch, ledger, usage_log: usageLog, spool: spoolLast },
  }))
  return { format: 1, gatez: request.version, created_at: createdAt, node_id: nodeId, places, files }
}

/** A snapshot in which every event is accounted for. */
async function takeWhole(take: () => Promise<StoresSnapshot>, nodeId: string): Promise<StoresSnapshot> {
  for (let time = 1; ; time += 1) {
    const snapshot = await take()
    const gap = (await snapshot.places(nodeId)).map(gapAt).find((each) => each !== undefined)
    if (gap === undefined) return snapshot
    snapshot[Symbol.dispose]()
    if (time === TRIES_MAX) {
      throw new GatezError('store-unavailable', `The stores do not agree with each other: ${gap}.`)
    }
    await pause(TRY_AGAIN_MS)
  }
}

/** The node of this data folder; empty before its first `serve`. */
function nodeIdIn(dataDir: string): string {
  const path = join(dataDir, 'node')
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : ''
}
