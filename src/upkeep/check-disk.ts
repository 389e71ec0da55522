import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fdatasyncSync,
  openSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import type { Clock } from '../lib/clock.ts'
import { type Finding, failure, ok, warning } from './finding.ts'

const FREE_BYTES_FEW = 1024 ** 3
const FREE_BYTES_MIN = 100 * 1024 ** 2
const SYNCS = 20
/** A disk that takes longer holds every answer up for as long. */
const SYNC_MS_SLOW = 20

/** The data folder: is it there, ours alone, with room, on a disk that is quick enough to wait for? */
export function checkDisk(
  { stores, metering }: Pick<Config, 'stores' | 'metering'>,
  clock: Clock,
): readonly Finding[] {
  const { dataDir } = stores
  if (!existsSync(dataDir)) {
    return [ok('data folder', `${dataDir} is not there yet; the first command that needs it makes it`)]
  }
  try {
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch {
    const fix = `Run gatez as the user who owns ${dataDir}, or change its owner.`
    return [failure('data folder', `${dataDir} is not readable and writable for this user`, fix)]
  }
  return [folderFinding(dataDir), roomFinding(dataDir), syncFinding(dataDir, metering.durability, clock)]
}

function folderFinding(dir: string): Finding {
  const mode = statSync(dir).mode & 0o777
  if ((mode & 0o077) === 0) return ok('data folder', dir)
  const text = `${dir} is open to other users (mode ${mode.toString(8)})`
  return warning('data folder', text, `chmod 700 ${dir}`)
}

function roomFinding(dir: string): Finding {
  const { bavail, bsize } = statfsSync(dir)
  const free = bavail * bsize
  const text = `${(free / 1024 ** 3).toFixed(1)} GiB free`
  const fix = 'Make room: when the disk is full, calls are refused rather than not counted.'
  if (free < FREE_BYTES_MIN) return failure('disk space', text, fix)
  return free < FREE_BYTES_FEW ? warning('disk space', text, fix) : ok('disk space', text)
}

/** How long an answer waits for the disk, in the middle of a few tries. */
function syncFinding(dir: string, durability: 'disk' | 'process', clock: Clock): Finding {
  const path = join(dir, `doctor-${process.pid}.tmp`)
  const times: number[] = []
  const file = openSync(path, 'w', 0o600)
  try {
    for (let time = 0; time < SYNCS; time += 1) {
      const startMs = clock.monotonicMs()
      writeSync(file, Buffer.alloc(4096), 0, 4096, 0)
      fdatasyncSync(file)
      times.push(clock.monotonicMs() - startMs)
    }
  } finally {
    closeSync(file)
    rmSync(path)
  }
  const medianMs = times.sort((one, other) => one - other)[SYNCS / 2] ?? 0
  const text = `a write reaches the disk in ${medianMs.toFixed(1)} ms`
  if (durability === 'process' || medianMs <= SYNC_MS_SLOW) return ok('disk speed', text)
  const fix = 'Every answer waits that long. Use a faster disk, or metering.durability: process.'
  return warning('disk speed', text, fix)
}
