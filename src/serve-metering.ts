import { join } from 'node:path'
import type { Config } from './config/config.ts'
import { Keeping } from './gateway/keeping.ts'
import { type Clock, systemClock } from './lib/clock.ts'
import { Meter } from './metering/meter.ts'
import { readNodeId } from './metering/node-id.ts'
import { SpoolReader } from './metering/spool-reader.ts'
import type { UsageEvent } from './model/event.ts'
import type { MeteringRules } from './shipping/ship.ts'
import { Shipping } from './shipping/shipping.ts'
import { openUsageLog } from './storage/open.ts'
import type { ControlStore } from './storage/ports/control-store.ts'
import type { UsageLog } from './storage/ports/usage-log.ts'
import type { Log } from './telemetry/log.ts'
import { QuietFailures } from './telemetry/quiet-failures.ts'

/** Opens the spool and ships what an earlier run left in it. */
export async function startMetering(
  { config, clock, log, onEvents }: MeteringParts,
  store: ControlStore,
  undo: AsyncDisposableStack,
  onDeath: (error: unknown) => void,
): Promise<Metering> {
  const { stores, metering } = config
  const nodeId = readNodeId(stores.dataDir)
  // Also makes it: the ship thread finds it ready.
  const usageLog = undo.use(await openUsageLog(config))
  const spoolPath = join(stores.dataDir, 'spool.db')
  // Events are known by their epoch, in each of the three: one of them may have been put back from a copy.
  const knownEpoch = Math.max(await usageLog.lastEpoch(nodeId), lastSpooledEpoch(spoolPath))
  const epoch = await store.nodes.startEpoch(nodeId, clock.nowMs(), knownEpoch)
  let committed = (): void => {}
  const clockOffsetMs = clock.nowMs() - systemClock.nowMs()
  const failures = new QuietFailures(log)
  const { durability, spoolBytesMax } = metering
  const meter = await Meter.start(
    { spoolPath, durability, epoch, clockOffsetMs, spoolBytesMax },
    {
      onCommitted: () => committed(),
      onDown: (reason) => log.error({ reason }, 'events cannot be written: calls are refused'),
      onUp: () => log.warn({}, 'events can be written again'),
      onNewFile: (path, reason) =>
        log.error({ path, reason }, 'the disk failed the spool: it goes on in a new file'),
      onFilling: (bytes) =>
        log.warn(
          { bytes, bound: metering.spoolBytesMax },
          'the spool is filling: events arrive faster than they are shipped',
        ),
      onDeath,
    },
  )
  undo.defer(() => meter.stop())
  const shipping = await Shipping.start(
    { stores, metering: meteringRules(config), spoolPath, nodeId, clockOffsetMs },
    {
      onShipped: (through) => meter.shipped(through),
      onEvents,
      onFailed: (error) => failures.error(error, 'shipping failed, will retry'),
      onDeath,
    },
  )
  undo.defer(() => shipping.stop())
  committed = () => shipping.wake()
  const owner = { nodeId, epoch }
  const keeping = new Keeping(
    { stores, owner, clockOffsetMs },
    { onFailed: (error) => failures.error(error, 'keeping an answer failed'), onDeath },
  )
  undo.defer(() => keeping.stop())
  return { store, usageLog, nodeId, meter, epoch, shipping, keeping }
}

function lastSpooledEpoch(spoolPath: string): number {
  const spool = new SpoolReader(spoolPath)
  try {
    return spool.lastEpoch()
  } catch {
    // The meter thread opens the same file next, and says what is wrong with it.
    return 0
  } finally {
    spool.close()
  }
}

/** What the file says of meters and dimensions. */
export function meteringRules({ meters, dimensions, billing }: Config): MeteringRules {
  return { meters, dimensions, billing }
}

/** What runs from the spool to the stores. */
export interface Metering {
  readonly store: ControlStore
  readonly usageLog: UsageLog
  readonly nodeId: string
  readonly meter: Meter
  readonly epoch: number
  readonly shipping: Shipping
  readonly keeping: Keeping
}

/** What `startMetering` goes by. */
export interface MeteringParts {
  readonly config: Config
  readonly clock: Clock
  readonly log: Log
  readonly onEvents?: ((events: readonly UsageEvent[]) => boolean) | undefined
}
