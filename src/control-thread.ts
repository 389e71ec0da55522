import { parentPort, workerData } from 'node:worker_threads'
import { applyPlans } from './access/apply-plans.ts'
import { ChangeWatcher } from './access/watch-changes.ts'
import { appOn } from './app.ts'
import type { Config } from './config/config.ts'
import { processEnvironment } from './config/environment.ts'
import { loadConfig } from './config/load-config.ts'
import { removeControlAddress, writeControlAddress } from './control/control-address.ts'
import { controlApp } from './control/control-app.ts'
import type { ControlCommand, ControlReport, ControlThreadData } from './control/control-messages.ts'
import type { ControlParts } from './control/control-parts.ts'
import { type Listener, listen } from './control/listen.ts'
import { IdentityProvider } from './control/oidc.ts'
import { makeOperatorToken } from './control/operator-token.ts'
import { deskCases, evidenceCases, nowCases } from './control-cases.ts'
import { GatezError } from './errors/gatez-error.ts'
import { Authenticator } from './gateway/authenticate.ts'
import { CallVerifier } from './gateway/call-verifier.ts'
import { MeterClient } from './gateway/meter.ts'
import { Rules } from './gateway/rules.ts'
import { assert } from './lib/assert.ts'
import { HOLDS_ENDS } from './lib/bundle.ts'
import { type Clock, shiftedClock } from './lib/clock.ts'
import { giveWay } from './lib/give-way.ts'
import { UlidMaker } from './lib/id.ts'
import { AloneLog } from './limits/alone-log.ts'
import { periodFinder } from './limits/period-finder.ts'
import {
  makeCounterMemory,
  openControlStore,
  openGatewayCounters,
  openGrantReader,
  openLocalCounters,
  openUsageLog,
} from './storage/open.ts'
import type { ControlStore } from './storage/ports/control-store.ts'
import type { CounterStore } from './storage/ports/counters.ts'
import { describeError, openLog } from './telemetry/log.ts'
import { readTraffic } from './telemetry/traffic.ts'

/** No gateway thread has this number: ids of events are of a maker of their own. */
const THREAD = 29
const CHANGES_EVERY_MS = 200
const FLUSH_MS = 1_000
const GRACE_MS = 5_000
/** Memory in which requests to control are counted. */
const COUNTERS_MIB = 4
const HOUR_MS = 3_600_000
/** How long an answer is kept for who asks again. */
const KEPT_MS = 7 * 24 * HOUR_MS

/**
 * The control API and the portals on a thread of their own: whatever is asked of them, and however long it
 * takes, no call through the gateway waits for it.
 */
class ControlThread {
  readonly #undo = new AsyncDisposableStack()
  #config: Config
  #listeners: readonly Listener[] = []
  #rulesChanged: () => Promise<void> = async () => {}

  constructor(config: Config) {
    this.#config = config
  }

  async start(data: ControlThreadData): Promise<ControlReport> {
    const clock = shiftedClock(data.clockOffsetMs)
    const log = openLog()
    const store = this.#undo.use(await openControlStore(this.#config, clock))
    const usageLog = this.#undo.use(await openUsageLog(this.#config))
    await makeOperatorToken({ store, clock }, this.#config.stores.dataDir)
    const { counters, ready } = this.#counters(data, store, clock)
    await ready()
    const verifier = await this.#verifier(data, { store, clock, counters })
    const on = { config: () => this.#config, clock, store }
    let provider: IdentityProvider | undefined
    let providerOf: Config | undefined
    const parts: ControlParts = {
      ...{ store, clock, log, version: data.version, verifier },
      config: () => this.#config,
      casesOn: (tables, actor) => this.#cases(tables, clock, actor),
      evidence: evidenceCases(on, usageLog),
      now: nowCases(on, counters),
      traffic: () => readTraffic(data.trafficMemory),
      deskOn: deskCases(on),
      identityProvider: () => {
        const { oidc } = this.#config.portal
        if (providerOf !== this.#config) provider = oidc === null ? undefined : new IdentityProvider(oidc)
        providerOf = this.#config
        return provider
      },
      counters: openLocalCounters(makeCounterMemory(COUNTERS_MIB)),
    }
    const forgetting = setInterval(() => {
      const forgotten = store.doneRequests.forgetBefore(clock.nowMs() - KEPT_MS)
      forgotten.catch((error: unknown) => log.warn(describeError(error), 'kept answers were not forgotten'))
    }, HOUR_MS).unref()
    this.#undo.defer(() => clearInterval(forgetting))
    return this.#listen(parts)
  }

  handle(command: ControlCommand, report: (report: ControlReport) => void): void {
    if (command.kind === 'config') {
      this.#config = command.config
      void this.#rulesChanged()
    } else void this.#stop().finally(() => report({ kind: 'stopped' }))
  }

  async #listen(parts: ControlParts): Promise<ControlReport> {
    const { control, portal } = this.#config
    const app = controlApp(parts, { isPortal: false, host: control.listen.host })
    const main = await listen(app, { ...control, field: 'control.listen' })
    this.#listeners = [main]
    const at = ({ host, port, speaksTls }: Listener) => ({ host, port, speaksTls })
    const { dataDir } = this.#config.stores
    writeControlAddress(dataDir, at(main))
    this.#undo.defer(() => removeControlAddress(dataDir))
    if (portal.listen === null) return { kind: 'listening', control: at(main), portal: null }
    const portalApp = controlApp(parts, { isPortal: true, host: portal.listen.host })
    const place = { listen: portal.listen, tls: portal.tls, isChosen: true, field: 'portal.listen' }
    const other = await listen(portalApp, place)
    this.#listeners = [main, other]
    return { kind: 'listening', control: at(main), portal: at(other) }
  }

  async #stop(): Promise<void> {
    await Promise.all(this.#listeners.map((listener) => listener.close(GRACE_MS)))
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
      data.meterPort.close()
    })
    return verifier
  }
}

interface VerifierParts {
  readonly store: ControlStore
  readonly clock: Clock
  readonly counters: CounterStore
}

giveWay()
const parent = parentPort
assert(parent !== null, 'the control thread is started as a worker')
const data: ControlThreadData = workerData
const report = (what: ControlReport): void => parent.postMessage(what)
const thread = new ControlThread(data.config)
thread.start(data).then(
  (listening) => {
    // What nobody caught must not take the gateway down with it: calls go on, and so do other requests.
    const log = openLog()
    process.on('uncaughtException', (error) => log.error(describeError(error), 'a part of control failed'))
    parent.on('message', (command: ControlCommand) => thread.handle(command, report))
    report(listening)
  },
  (error: unknown) => {
    if (!(error instanceof GatezError)) throw error
    report({ kind: 'not-listening', code: error.code, detail: error.message })
  },
)
