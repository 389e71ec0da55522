import { randomBytes } from 'node:crypto'
import { applyPlans } from './access/apply-plans.ts'
import type { Config } from './config/config.ts'
import { restartFields } from './config/restart-fields.ts'
import { removeControlAddress } from './control/control-address.ts'
import type { ListeningAt } from './control/control-messages.ts'
import { type ControlTold, startControl } from './control/controlling.ts'
import { GatezError } from './errors/gatez-error.ts'
import { GatewayThreads, probePort } from './gateway/gateway-threads.ts'
import type { Keeping } from './gateway/keeping.ts'
import type { GatewayThreadData } from './gateway/thread-messages.ts'
import type { IngestRules } from './ingest/ingest-messages.ts'
import { Ingesting } from './ingest/ingesting.ts'
import { Desk, deskConfig } from './integrations/desk/desk.ts'
import { type Clock, systemClock } from './lib/clock.ts'
import { failPoint } from './lib/fail-point.ts'
import { helpersGiveWay } from './lib/give-way.ts'
import { makeAllYoung } from './lib/made-young.ts'
import { makeFolder } from './lib/make-folder.ts'
import { letHeapGrow, shrinkHeap } from './lib/shrink-heap.ts'
import type { Meter } from './metering/meter.ts'
import type { UsageEvent } from './model/event.ts'
import type { Plan } from './model/plan.ts'
import { plansInForce, watchChanges } from './serve-changes.ts'
import { startCounters } from './serve-counters.ts'
import { type Metering, meteringRules, startMetering } from './serve-metering.ts'
import type { Shipping } from './shipping/shipping.ts'
import { lockDataFolder, makeCounterMemory, openControlStore } from './storage/open.ts'
import type { Log } from './telemetry/log.ts'
import { QuietFailures } from './telemetry/quiet-failures.ts'
import { makeTrafficMemory } from './telemetry/traffic.ts'

/** Memory in which addresses are counted: some 25,000 at a time. What finds no room there is let in. */
const CLIENTS_MIB = 8

/** A gateway that runs. */
export interface Serving {
  readonly host: string
  readonly port: number
  readonly threads: number
  readonly speaksTls: boolean
  /** Where the control API listens, and the portal when it has a listener of its own. */
  readonly control: ListeningAt
  readonly portal: ListeningAt | null
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
  /**
   * Lets requests in flight end, makes every event durable and ships it, and closes the stores.
   *
   * Throws `store-unavailable` when the stores did not take all; the rest is in the spool, and all is closed.
   */
  stop(): Promise<void>
}

export interface ServeParts {
  readonly config: Config
  readonly clock: Clock
  readonly log: Log
  readonly actor: string
  /** Called with the events that just reached the ledger, those of an earlier run too, until it returns false. */
  readonly onEvents?: ((events: readonly UsageEvent[]) => boolean) | undefined
  /** Awaited when all is there but the port: the last that is done before calls are taken. */
  readonly beforeListening?: (() => Promise<void>) | undefined
  /** Called when calls are taken, which is a little before `serve` resolves: from then on they are owed an end. */
  readonly onListening?: () => void
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
  helpersGiveWay()
  makeAllYoung()
  letHeapGrow()
  makeDataFolder(config.stores.dataDir)
  const lock = lockDataFolder(config.stores.dataDir)
  undo.defer(() => lock[Symbol.dispose]())
  // Of a gateway that was killed: nobody may take it for this one's.
  removeControlAddress(config.stores.dataDir)
  await probePorts(config)

  const store = undo.use(await openControlStore(config, clock))
  const request = { plans: config.plans, actor: parts.actor, mode: 'start' } as const
  const applied = await applyPlans({ store, clock }, request)
  const death = Promise.withResolvers<unknown>()
  const metering = await startMetering(parts, store, undo, death.resolve)
  const clockOffsetMs = clock.nowMs() - systemClock.nowMs()
  const desk = new Desk(
    { config: deskConfig(config), clockOffsetMs },
    { log: parts.log, onDeath: death.resolve },
  )
  undo.defer(() => desk.stop())
  const ends = { onDeath: death.resolve, onDeskWanted: () => desk.ensure() }
  const started = await startGateway(parts, metering, undo, ends)
  const { gateway, ingesting, controlling, counters, port } = started

  const running = undo.move()
  return {
    host: config.gateway.listen.host,
    port,
    threads: config.gateway.threads,
    speaksTls: config.gateway.tls !== null,
    control: controlling.control,
    portal: controlling.portal,
    stalePlans: applied.stale,
    died: death.promise,
    reload: async (next, plans) => {
      const mode = plans === 'apply' ? 'explicit' : 'start'
      await applyPlans({ store, clock }, { plans: next.plans, actor: parts.actor, mode })
      failPoint('reload')
      await metering.keeping.ensure(next.apis)
      metering.shipping.replaceMetering(meteringRules(next))
      const inForce = await plansInForce(store)
      await counters.replaceRules({ plans: inForce, billing: next.billing })
      gateway.replaceConfig(next, inForce)
      ingesting.replaceRules(ingestRules(next))
      controlling.replaceConfig(next)
      desk.replaceConfig(next)
      return restartFields(config, next)
    },
    stop: async () => {
      await controlling.stop()
      await gateway.drain(config.gateway.drainMs)
      await ingesting.stop()
      try {
        await metering.shipping.finish()
      } finally {
        await running.disposeAsync()
      }
    },
  }
}

/** Counts again what was admitted before, starts the threads, and listens. */
async function startGateway(
  parts: ServeParts,
  { store, usageLog, nodeId, meter, epoch, shipping, keeping }: Metering,
  undo: AsyncDisposableStack,
  { onDeath, onDeskWanted }: ControlTold,
) {
  const { config, clock, log } = parts
  const plans = await plansInForce(store)
  const inForce = { store, usageLog, nodeId, plans: () => plansInForce(store) }
  const counters = await startCounters({ ...parts, ...inForce }, undo)
  const { memory: counterMemory, adjusted, carried } = counters
  const ingesting = makeIngesting(parts, { counterMemory, epoch, shipping, onDeath })
  undo.defer(() => ingesting.stop())
  const trafficMemory = makeTrafficMemory(config.gateway.threads)
  const gateway = new GatewayThreads({
    threads: threadData(parts, { plans, epoch, counterMemory, trafficMemory, meter, ingesting, keeping }),
    figuresOf: (tenantId, period) => shipping.figuresOf(tenantId, period),
    onWarning: (what, detail) => log.warn({ detail }, what),
    onAlarm: (what, detail) => log.error({ detail }, what),
    onAlone: counters.onAlone,
    onIngestWanted: () => ingesting.ensure(),
    onDeath,
  })
  undo.defer(() => gateway.stop())
  await keeping.ensure(config.apis)
  // From before the threads read any key: a change made meanwhile must reach them.
  undo.use(await watchChanges(parts, store, { gateway, adjusted, carried }))
  // What was adjusted before there was anyone watching.
  await adjusted.release()
  await parts.beforeListening?.()
  const port = await gateway.listen(config.gateway.listen)
  parts.onListening?.()
  // Calls need nothing of it, so they do not wait until it is there.
  const controlling = await startControl(
    { config, clock, meter, nodeId, epoch, counterMemory, trafficMemory },
    { onDeath, onDeskWanted },
  ).catch(async (error: unknown) => {
    await gateway.drain(config.gateway.drainMs)
    throw error
  })
  undo.defer(() => controlling.stop())
  controlling.tellGateway({ ...config.gateway.listen, port, speaksTls: config.gateway.tls !== null })
  shrinkHeap()
  return { gateway, ingesting, controlling, counters, port }
}

/** Looks whether it can listen everywhere before it listens anywhere. */
async function probePorts({ gateway, control, portal }: Config): Promise<void> {
  await probePort(gateway.listen)
  if (control.isChosen) await probePort(control.listen, 'control.listen')
  if (portal.listen !== null) await probePort(portal.listen, 'portal.listen')
}

/** What takes events in that are sent by themselves, once there are any. */
function makeIngesting(
  { config, clock, log }: ServeParts,
  shared: {
    readonly counterMemory: SharedArrayBuffer
    readonly epoch: number
    readonly shipping: Shipping
    readonly onDeath: (error: unknown) => void
  },
): Ingesting {
  const { counterMemory, epoch, shipping, onDeath } = shared
  const failures = new QuietFailures(log)
  const clockOffsetMs = clock.nowMs() - systemClock.nowMs()
  return new Ingesting(
    { stores: config.stores, epoch, clockOffsetMs, counterMemory, rules: ingestRules(config) },
    {
      onCounted: () => shipping.wake(),
      onFailed: (error) => failures.error(error, 'events could not be taken in: their senders were told'),
      onDeath,
    },
  )
}

function ingestRules({ meters, dimensions, gateway }: Config): IngestRules {
  return { meters, dimensions, perMinute: gateway.eventsPerMinute }
}

function threadData(
  parts: ServeParts,
  shared: {
    readonly plans: readonly Plan[]
    readonly epoch: number
    readonly counterMemory: SharedArrayBuffer
    readonly trafficMemory: SharedArrayBuffer
    readonly meter: Meter
    readonly ingesting: Ingesting
    readonly keeping: Keeping
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
    trafficMemory: shared.trafficMemory,
    clientMemory,
    meterPort: shared.meter.connect(),
    ingestPort: shared.ingesting.makePort(),
    keeperPort: shared.keeping.makePort(),
    ipSalt,
    sharePort: config.gateway.threads > 1,
  }))
}

function makeDataFolder(dir: string): void {
  try {
    makeFolder(dir, 0o700)
  } catch (cause) {
    throw new GatezError('folder-not-writable', `The data folder ${dir} cannot be made.`, { cause })
  }
}
