import { applyPlans } from './access/apply-plans.ts'
import { ChangeWatcher } from './access/watch-changes.ts'
import { appOn } from './app.ts'
import type { Config } from './config/config.ts'
import { processEnvironment } from './config/environment.ts'
import { knownSecrets } from './config/known-secrets.ts'
import { loadConfig } from './config/load-config.ts'
import { type ControlApp, controlApp } from './control/control-app.ts'
import type { ControlCommand, ControlThreadData, ListeningAt } from './control/control-messages.ts'
import type { ControlParts } from './control/control-parts.ts'
import type { DoorParts } from './control/door-app.ts'
import { IdentityProvider } from './control/oidc.ts'
import { TryRelay } from './control/try-relay.ts'
import { deskCases, evidenceCases, nowCases } from './control-cases.ts'
import { Authenticator } from './gateway/authenticate.ts'
import { CallVerifier } from './gateway/call-verifier.ts'
import { MeterClient } from './gateway/meter.ts'
import { Rules } from './gateway/rules.ts'
import { assert } from './lib/assert.ts'
import { HOLDS_ENDS } from './lib/bundle.ts'
import type { Clock } from './lib/clock.ts'
import { UlidMaker } from './lib/id.ts'
import { AloneLog } from './limits/alone-log.ts'
import { periodFinder } from './limits/period-finder.ts'
import { openGatewayCounters, openGrantReader, openUsageLog } from './storage/open.ts'
import type { ControlStore } from './storage/ports/control-store.ts'
import type { CounterStore } from './storage/ports/counters.ts'
import { describeError, openLog } from './telemetry/log.ts'
import type { TrafficWindow } from './telemetry/traffic-window.ts'

/** No gateway thread has this number: ids of events are of a maker of their own. */
const THREAD = 29
const CHANGES_EVERY_MS = 200
const FLUSH_MS = 1_000
const HOUR_MS = 3_600_000
/** How long an answer is kept for who asks again. */
const KEPT_MS = 7 * 24 * HOUR_MS

/**
 * The control API and the portals, on a thread of their own: whatever is asked of them, and however long it
 * takes, no call through the gateway waits for it.
 */
export class ControlThread {
  readonly #undo = new AsyncDisposableStack()
  #config: Config
  #gatewayAt: ListeningAt | undefined
  #rulesChanged: () => Promise<void> = async () => {}

  readonly #apps = new Map<boolean, ControlApp>()

  private constructor(config: Config) {
    this.#config = config
  }

  /** Opens the stores beside the one that is open and makes ready to answer. Throws what is wrong with them. */
  static async open(config: Config, parts: ControlThreadParts): Promise<ControlThread> {
    const thread = new ControlThread(config)
    try {
      await thread.#start(parts)
      return thread
    } catch (error) {
      await thread.stop()
      throw error
    }
  }

  /** What answers on the listener of control, or on that of the portal. */
  app(isPortal: boolean): ControlApp {
    const app = this.#apps.get(isPortal)
    assert(app !== undefined, 'control answers once it is open')
    return app
  }

  async #start({ data, door, traffic }: ControlThreadParts): Promise<void> {
    const { store, clock } = door
    const log = openLog(knownSecrets(this.#config))
    const usageLog = this.#undo.use(await openUsageLog(this.#config))
    const { counters, ready } = this.#counters(data, store, clock)
    await ready()
    const verifier = await this.#verifier(data, { store, clock, counters })
    const on = { config: () => this.#config, clock, store }
    let provider: IdentityProvider | undefined
    let providerOf: Config | undefined
    const parts: ControlParts = {
      ...{ ...door, log, verifier },
      config: () => this.#config,
      casesOn: (tables, actor) => this.#cases(tables, clock, actor),
      evidence: evidenceCases(on, usageLog),
      now: nowCases(on, { counters, traffic }),
      deskOn: deskCases(on),
      identityProvider: () => {
        const { oidc } = this.#config.portal
        if (providerOf !== this.#config) provider = oidc === null ? undefined : new IdentityProvider(oidc)
        providerOf = this.#config
        return provider
      },
      relay: new TryRelay({ store, clock, gatewayAt: () => this.#gatewayAt }),
    }
    const forgetting = setInterval(() => {
      const forgotten = store.doneRequests.forgetBefore(clock.nowMs() - KEPT_MS)
      forgotten.catch((error: unknown) => log.warn(describeError(error), 'kept answers were not forgotten'))
    }, HOUR_MS).unref()
    this.#undo.defer(() => clearInterval(forgetting))
    const { control, portal } = this.#config
    const { host } = portal.listen ?? control.listen
    this.#apps.set(false, controlApp(parts, { isPortal: false, host: control.listen.host }))
    this.#apps.set(true, controlApp(parts, { isPortal: true, host }))
  }

  /** What the main thread tells while it answers. */
  handle(command: ControlCommand): void {
    if (command.kind === 'gateway') this.#gatewayAt = command.at
    if (command.kind !== 'config') return
    this.#config = command.config
    void this.#rulesChanged()
  }

  /** Lets go of all it opened. */
  async stop(): Promise<void> {
    await this.#undo.disposeAsync()
  }

  /** The use cases, with plans taken from the file as it is now. */
  #cases(store: ControlStore, clock: Clock, actor: string) {
    const config = this.#config
    const cases = appOn({ config, clock, store, actor })
    return {
      ...cases,
      applyPlans: (request: Parameters<typeof cases.applyPlans>[0]) => {
        const { plans } = loadConfig(config.file, processEnvironment())
        return applyPlans({ store, clock }, { ...request, plans, actor })
      },
    }
  }

  /** Those of the gateway threads, and what all nodes share. */
  #counters(data: ControlThreadData, store: ControlStore, clock: Clock) {
    const { clockOffsetMs, counterMemory, nodeId } = data
    // Who cannot be told now is told with the next.
    const parts = { audit: store.audit, nodeId, nowMs: () => clock.nowMs(), onError: () => {} }
    const alone = new AloneLog(parts)
    this.#undo.defer(() => alone.stop())
    const opened = openGatewayCounters(this.#config, counterMemory, {
      ...{ clock, clockOffsetMs, tally: alone.tally, onChange: () => {} },
    })
    this.#undo.use(opened.counters)
    return opened
  }

  async #verifier(data: ControlThreadData, parts: VerifierParts): Promise<CallVerifier> {
    const { store, clock, counters } = parts
    const grants = openGrantReader(this.#config, clock)
    this.#undo.defer(() => grants.close())
    const meter = new MeterClient(data.meterPort, HOLDS_ENDS)
    const ids = new UlidMaker(clock, { epoch: data.epoch, thread: THREAD })
    const rulesNow = async (): Promise<Rules> => {
      const { apis, features, meters, dimensions, gateway } = this.#config
      const plans = (await store.plans.current()).map(({ plan }) => plan)
      return new Rules({ apis, features, meters, dimensions, plans, ownPaths: gateway.ownPaths })
    }
    let periodOf = periodFinder(this.#config.billing)
    const verifier = new CallVerifier({
      rules: await rulesNow(),
      authenticator: new Authenticator((hash) => grants.grantByHash(hash)),
      counters,
      ...{ meter, clock },
      periodOf: (cycle, atMs, held) => periodOf(cycle, atMs, held),
      nextId: () => ids.next(),
    })
    this.#rulesChanged = async () => {
      periodOf = periodFinder(this.#config.billing)
      verifier.replaceRules(await rulesNow())
    }
    const watcher = await ChangeWatcher.start({
      changes: store.changes,
      clock,
      everyMs: CHANGES_EVERY_MS,
      onChanges: async (subjects) => {
        if (subjects.includes('plans')) await this.#rulesChanged()
        verifier.forget(subjects)
      },
      onError: () => {},
    })
    this.#undo.defer(() => watcher.stop())
    const bell = store.doorbell?.onChange(() => watcher.ring())
    this.#undo.defer(() => bell?.[Symbol.dispose]())
    const flushing = setInterval(() => verifier.flush(), FLUSH_MS).unref()
    this.#undo.defer(async () => {
      clearInterval(flushing)
      verifier.flush(true)
      await meter.drained()
    })
    return verifier
  }
}

/** What it is opened with. */
export interface ControlThreadParts {
  readonly data: ControlThreadData
  /** What is open already. */
  readonly door: DoorParts
  /** What the gateway threads counted lately. */
  readonly traffic: TrafficWindow
}

interface VerifierParts {
  readonly store: ControlStore
  readonly clock: Clock
  readonly counters: CounterStore
}
