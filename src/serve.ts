import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { applyPlans } from './access/apply-plans.ts'
import { ChangeWatcher } from './access/watch-changes.ts'
import type { Config } from './config/config.ts'
import { restartFields } from './config/restart-fields.ts'
import { GatezError } from './errors/gatez-error.ts'
import { GatewayThreads, probePort } from './gateway/gateway-threads.ts'
import type { GatewayThreadData } from './gateway/thread-messages.ts'
import type { IngestRules } from './ingest/ingest-messages.ts'
import { Ingesting } from './ingest/ingesting.ts'
import { type Clock, systemClock } from './lib/clock.ts'
import { prefixedId } from './lib/id.ts'
import { makeFolder } from './lib/make-folder.ts'
import { restoreCounters } from './limits/restore-counters.ts'
import { Meter } from './metering/meter.ts'
import type { UsageEvent } from './model/event.ts'
import type { Plan } from './model/plan.ts'
import type { MeteringRules } from './shipping/ship.ts'
import { Shipping } from './shipping/shipping.ts'
import {
  lockDataFolder,
  makeCounterMemory,
  openControlStore,
  openCounters,
  openUsageLog,
} from './storage/open.ts'
import type { ControlStore } from './storage/ports/control-store.ts'
import type { UsageLog } from './storage/ports/usage-log.ts'
import { describeError, type Log } from './telemetry/log.ts'

/** How often changes made by other processes are looked for: far below the promised second. */
const CHANGES_EVERY_MS = 200
/** The most a spool may hold when nothing ships. */
const SPOOL_BYTES_MAX = 4 * 1024 ** 3

/** Memory in which addresses are counted: some 25,000 at a time. What finds no room there is let in. */
const CLIENTS_MIB = 8

/** A gateway that runs. */
export interface Serving {
  readonly host: string
  readonly port: number
  readonly threads: number
  readonly speaksTls: boolean
  /** True when a newer file was applied by someone else, so this one's plans were left alone. */
  readonly stalePlans: boolean
  /** Resolves when the gateway ended by itself, with what ended it. Never when it runs. */
  readonly died: Promise<unknown>
  /**
   * Puts another reading of the file in force: apis, features, meters and plans, from the next call on.
   * With `keep`, plans only if no newer ones are in force by another file.
   *
   * Returns the fields that only a restart changes. Throws `plan-in-use` and what is wrong with the
   * store; everything stays as it was then.
   */
  reload(config: Config, plans: 'apply' | 'keep'): Promise<readonly string[]>
  /** Lets requests in flight end, makes every event durable and ships it, and closes the stores. */
  stop(): Promise<void>
}

export interface ServeParts {
  readonly config: Config
  readonly clock: Clock
  readonly log: Log
  readonly actor: string
  /** Called with the events that just reached the ledger, those of an earlier run too, until it returns false. */
  readonly onEvents?: ((events: readonly UsageEvent[]) => boolean) | undefined
}

/**
 * Starts the gateway: threads, meter, shipping, and the watch for changes.
 *
 * Before the first call is taken, what an earlier run left in the spool is shipped and the counters
 * are counted again. Throws `data-folder-locked`, `port-taken`, `folder-not-writable` and what is
 * wrong with the stores; nothing keeps running then.
 */
export async function serve(parts: ServeParts): Promise<Serving> {
  await using undo = new AsyncDisposableStack()
  const { config, clock } = parts
  makeDataFolder(config.stores.dataDir)
  const lock = lockDataFolder(config.stores.dataDir)
  undo.defer(() => lock[Symbol.dispose]())
  await probePort(config.gateway.listen)

  const store = undo.use(await openControlStore(config, clock))
  const request = { plans: config.plans, actor: parts.actor, mode: 'start' } as const
  const applied = await applyPlans({ store, clock }, request)
  const death = Promise.withResolvers<unknown>()
  const metering = await startMetering(parts, store, undo, death.resolve)
  const { gateway, ingesting, port } = await startGateway(parts, metering, undo, death.resolve)

  const running = undo.move()
  return {
    host: config.gateway.listen.host,
    port,
    threads: config.gateway.threads,
    speaksTls: config.gateway.tls !== null,
    stalePlans: applied.stale,
    died: death.promise,
    reload: async (next, plans) => {
      const mode = plans === 'apply' ? 'explicit' : 'start'
      await applyPlans({ store, clock }, { plans: next.plans, actor: parts.actor, mode })
      metering.shipping.replaceMetering(meteringRules(next))
      gateway.replaceConfig(next, await plansInForce(store))
      ingesting.replaceRules(ingestRules(next))
      return restartFields(config, next)
    },
    stop: async () => {
      await gateway.drain(config.gateway.drainMs)
      await ingesting.stop()
      await metering.shipping.finish()
      await running.disposeAsync()
    },
  }
}

/** Opens the spool and ships what an earlier run left in it. */
async function startMetering(
  { config, clock, log, onEvents }: ServeParts,
  store: ControlStore,
  undo: AsyncDisposableStack,
  onDeath: (error: unknown) => void,
): Promise<Metering> {
  const { stores, metering } = config
  const nodeId = readNodeId(stores.dataDir)
  const epoch = await store.nodes.startEpoch(nodeId, clock.nowMs())
  // Also makes it: the ship thread finds it ready.
  const usageLog = undo.use(await openUsageLog(config))
  const spoolPath = join(stores.dataDir, 'spool.db')
  let committed = (): void => {}
  const clockOffsetMs = clock.nowMs() - systemClock.nowMs()
  const meter = await Meter.start(
    { spoolPath, durability: metering.durability, epoch, clockOffsetMs, spoolBytesMax: SPOOL_BYTES_MAX },
    {
      onCommitted: () => committed(),
      onDown: (reason) => log.error({ reason }, 'events cannot be written: calls are refused'),
      onUp: () => log.warn({}, 'events can be written again'),
      onDeath,
    },
  )
  undo.defer(() => meter.stop())
  const shipping = await Shipping.start(
    { stores, metering: meteringRules(config), spoolPath, nodeId, clockOffsetMs },
    {
      onShipped: (throughBatchId) => meter.shipped(throughBatchId),
      onEvents,
      onFailed: (error) => log.error(error, 'shipping failed, will retry'),
      onDeath,
    },
  )
  undo.defer(() => shipping.stop())
  committed = () => shipping.wake()
  return { store, usageLog, meter, epoch, shipping }
}

function meteringRules({ meters, dimensions }: Config): MeteringRules {
  return { meters, dimensions }
}

interface Metering {
  readonly store: ControlStore
  readonly usageLog: UsageLog
  readonly meter: Meter
  readonly epoch: number
  readonly shipping: Shipping
}

/** Counts again what was admitted before, starts the threads, and listens. */
async function startGateway(
  parts: ServeParts,
  { store, usageLog, meter, epoch, shipping }: Metering,
  undo: AsyncDisposableStack,
  onDeath: (error: unknown) => void,
): Promise<{ readonly gateway: GatewayThreads; readonly ingesting: Ingesting; readonly port: number }> {
  const { config, clock, log } = parts
  const plans = await plansInForce(store)
  const counterMemory = makeCounterMemory(config.gateway.countersMib)
  const counters = openCounters(counterMemory)
  await restoreCounters({ store, usageLog, counters, clock, timezone: config.billing.timezone }, plans)
  const ingesting = await startIngesting(parts, { counterMemory, epoch, shipping, onDeath })
  undo.defer(() => ingesting.stop())
  const gateway = new GatewayThreads({
    threads: threadData(parts, { plans, epoch, counterMemory, meter, ingesting }),
    figuresOf: (tenantId, period) => shipping.figuresOf(tenantId, period),
    onWarning: (what, detail) => log.warn({ detail }, what),
    onAlarm: (what, detail) => log.error({ detail }, what),
    onDeath,
  })
  undo.defer(() => gateway.stop())
  // From before the threads read any key: a change made meanwhile must reach them.
  undo.use(await watchChanges(parts, store, gateway))
  const port = await gateway.listen(config.gateway.listen)
  return { gateway, ingesting, port }
}

/** Takes events in that are sent by themselves. */
function startIngesting(
  { config, clock, log }: ServeParts,
  shared: {
    readonly counterMemory: SharedArrayBuffer
    readonly epoch: number
    readonly shipping: Shipping
    readonly onDeath: (error: unknown) => void
  },
): Promise<Ingesting> {
  const { counterMemory, epoch, shipping, onDeath } = shared
  const clockOffsetMs = clock.nowMs() - systemClock.nowMs()
  return Ingesting.start(
    { stores: config.stores, epoch, clockOffsetMs, counterMemory, rules: ingestRules(config) },
    {
      onCounted: () => shipping.wake(),
      onFailed: (error) => log.error(error, 'events could not be taken in: their senders were told'),
      onDeath,
    },
  )
}

function ingestRules({ meters, gateway }: Config): IngestRules {
  return { meters, perMinute: gateway.eventsPerMinute }
}

function threadData(
  parts: ServeParts,
  shared: {
    readonly plans: readonly Plan[]
    readonly epoch: number
    readonly counterMemory: SharedArrayBuffer
    readonly meter: Meter
    readonly ingesting: Ingesting
  },
): GatewayThreadData[] {
  const { config, clock } = parts
  const ipSalt = randomBytes(16).toString('hex')
  const clientMemory = makeCounterMemory(CLIENTS_MIB)
  return Array.from({ length: config.gateway.threads }, (_, thread) => ({
    config,
    plans: shared.plans,
    thread,
    epoch: shared.epoch,
    clockOffsetMs: clock.nowMs() - systemClock.nowMs(),
    counterMemory: shared.counterMemory,
    clientMemory,
    meterPort: shared.meter.connect(),
    ingestPort: shared.ingesting.connect(),
    ipSalt,
    sharePort: config.gateway.threads > 1,
  }))
}

async function watchChanges(
  parts: ServeParts,
  store: ControlStore,
  gateway: GatewayThreads,
): Promise<Disposable> {
  const watcher = await ChangeWatcher.start({
    changes: store.changes,
    clock: parts.clock,
    everyMs: CHANGES_EVERY_MS,
    onChanges: async (subjects) => {
      if (subjects.includes('plans')) gateway.replacePlans(await plansInForce(store))
      gateway.forget(subjects)
    },
    onError: (error) => parts.log.error(describeError(error), 'looking for changes failed, will retry'),
  })
  const bell = store.doorbell?.onChange(() => watcher.ring())
  return {
    [Symbol.dispose]: () => {
      bell?.[Symbol.dispose]()
      watcher.stop()
    },
  }
}

async function plansInForce(store: ControlStore): Promise<Plan[]> {
  return (await store.plans.current()).map((version) => version.plan)
}

function makeDataFolder(dir: string): void {
  try {
    makeFolder(dir, 0o700)
  } catch (cause) {
    throw new GatezError('folder-not-writable', `The data folder ${dir} cannot be made.`, { cause })
  }
}

/** The id of this data folder's node, made at its first start. */
function readNodeId(dataDir: string): string {
  const path = join(dataDir, 'node')
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    const nodeId = prefixedId('node')
    writeFileSync(path, `${nodeId}\n`, { mode: 0o600 })
    return nodeId
  }
}
