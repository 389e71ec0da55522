import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import { GatezError } from '../errors/gatez-error.ts'
import type { Clock } from '../lib/clock.ts'
import { spoolFiles } from '../metering/spool-files.ts'
import { damageOf, lockDataFolder, snapshotStores } from '../storage/open.ts'
import { gapAt } from '../storage/ports/stores-snapshot.ts'
import { checkCounterServer } from './check-counter-server.ts'
import { checkServer } from './check-server.ts'
import { checkUsageServer } from './check-usage-server.ts'
import { type Finding, failure, ok, warning } from './finding.ts'

/** Larger files take minutes to read through; a backup does it as well. */
const CHECKED_BYTES_MAX = 2 * 1024 ** 3
/** Events that wait longer than shipping takes. */
const WAITING_MANY = 100_000

/** Whether a gateway serves from these stores now. */
export function isServing({ stores }: Pick<Config, 'stores'>): boolean {
  if (!existsSync(join(stores.dataDir, 'serve.lock'))) return false
  try {
    lockDataFolder(stores.dataDir)[Symbol.dispose]()
    return false
  } catch (error) {
    if (error instanceof GatezError && error.code === 'data-folder-locked') return true
    throw error
  }
}

/** The stores: are they sound, and do they agree on what was counted? */
export async function checkStores(config: Pick<Config, 'stores'>, clock: Clock): Promise<readonly Finding[]> {
  const { control, usage, dataDir } = config.stores
  if (control.driver === 'sqlite' && !existsSync(control.path)) return [ok('stores', 'nothing stored yet')]
  const findings =
    control.driver === 'sqlite'
      ? [soundness('control store', control.path)]
      : [...((await checkServer(config, clock)) ?? [])]
  findings.push(...(await checkUsageServer(config, clock)))
  const counters = await checkCounterServer(config, clock)
  if (usage.driver === 'sqlite' && existsSync(usage.path)) findings.push(soundness('usage log', usage.path))
  if (findings.some(({ verdict }) => verdict === 'failure')) return [...findings, ...counters]
  return [...findings, ...counters, await agreement(config, dataDir)]
}

function soundness(name: string, path: string): Finding {
  const { size } = statSync(path)
  const megabytes = `${(size / 1024 ** 2).toFixed(1)} MiB`
  if (size > CHECKED_BYTES_MAX) return ok(name, `${megabytes}; not read through here, gatez backup does`)
  const [damage] = damageOf(path)
  if (damage === undefined) return ok(name, `${megabytes}, sound`)
  return failure(name, `${path}: ${damage}`, 'Stop serve and restore a backup: gatez restore.')
}

/** Ledger, usage log and spool count the same events. */
async function agreement(config: Pick<Config, 'stores'>, dataDir: string): Promise<Finding> {
  const nodePath = join(dataDir, 'node')
  if (!existsSync(nodePath)) return ok('counting', 'no call yet')
  const spool = spoolFiles(join(dataDir, 'spool.db')).map(({ path }) => path)
  using snapshot = await snapshotStores(config, spool)
  const places = await snapshot.places(readFileSync(nodePath, 'utf8').trim())
  const gap = places.map(gapAt).find((each) => each !== undefined)
  if (gap !== undefined) {
    const fix = 'While serve runs, look again in a second. If it stays: keep the files, and restore a backup.'
    return failure('counting', gap, fix)
  }
  const counted = places.reduce((sum, { ledger }) => sum + ledger, 0)
  const waiting = places.reduce(
    (sum, { ledger, usageLog, spoolLast }) =>
      sum + Math.max(0, (spoolLast ?? 0) - Math.min(ledger, usageLog)),
    0,
  )
  const text = `${counted} events in the ledger and in the usage log, ${waiting} on their way`
  if (waiting < WAITING_MANY) return ok('counting', text)
  return warning(
    'counting',
    text,
    'Start gatez serve: it ships them. If it runs, see its log for why it cannot.',
  )
}
