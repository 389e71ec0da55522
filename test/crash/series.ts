import type { FailPointName } from '../../src/lib/fail-point.ts'
import { scoped } from '../support/at-end.ts'
import type { Build } from '../support/build-programs.ts'
import type { Random } from '../support/random.ts'
import type { ServeProcess } from '../support/serve-process.ts'
import { usageRows } from '../support/usage-rows.ts'
import { checkBill, damaged, exportFaults, ledgerSums } from './bill-check.ts'
import {
  CONNECTIONS,
  type CrashScene,
  crashScene,
  type Durability,
  killAtStart,
  killInABurst,
  killUnderLoad,
} from './scene.ts'

/** Answers that a run must have before it is killed. */
export const ANSWERS_MIN = 500
/** A place that is not passed within so many answers is not there. */
const ANSWERS_MAX = 30_000
/** A run that was killed too early is made again, longer: up to so many times as long. */
const STRETCH_MAX = 50

/** Where a run is killed: at a named place, or anywhere. */
export type Place = FailPointName | 'kill -9'

export interface SeriesRequest {
  /** Where each run is killed, in this order. */
  readonly places: readonly Place[]
  readonly durability: Durability
  readonly build: Build
  readonly random: Random
  /** Asked before each run: whether it is time to leave out the rest. */
  readonly over?: () => boolean
}

export interface SeriesResult {
  /** Runs that were killed with enough answers, and at least one call in flight. */
  runs: number
  /** Answers received to the last byte. */
  received: number
  /** Calls whose connection broke, and how many of them were billed. */
  broken: number
  inFlightBilled: number
  /** Runs that were killed too early to count, or with nothing in flight; they are checked all the same. */
  tooEarly: number
  /** What must not be, in words. */
  readonly faults: string[]
}

/** Kills a gateway again and again on the same stores, and holds them against the clients' books after each. */
export function runSeries(request: SeriesRequest): Promise<SeriesResult> {
  return scoped(async () => {
    const scene = await crashScene(request.durability, request.build)
    const result: SeriesResult = {
      ...{ runs: 0, received: 0, broken: 0, inFlightBilled: 0, tooEarly: 0 },
      faults: [],
    }
    const series: Series = { scene, random: request.random, result, standing: undefined }
    for (const place of request.places) {
      if (request.over?.()) break
      await killAt(place, series)
    }
    // Before the first gateway there are no stores to look at.
    if (series.standing === undefined) return result
    const { inFlight } = checkBill(scene.project, scene.load)
    result.faults.push(...(await exportFaults(scene.project, scene.load, inFlight)))
    result.received = scene.load.received.size
    result.broken = scene.load.broken.size
    result.inFlightBilled = inFlight.length
    return result
  })
}

interface Series {
  readonly scene: CrashScene
  readonly random: Random
  readonly result: SeriesResult
  /** The gateway of the last check: a kill anywhere takes it, and needs no start of its own. */
  standing: ServeProcess | undefined
}

/** One run that counts, and those before it that did not. */
async function killAt(place: Place, series: Series): Promise<void> {
  const { scene, result } = series
  const { received, broken, refused } = scene.load
  const known = new Set(result.faults)
  for (let stretch = 1; stretch < STRETCH_MAX; stretch *= 1.5) {
    const before = { received: received.size, broken: broken.size }
    refused.length = 0
    const came = await scoped(() => crash(place, series, stretch))
    if (!came) result.faults.push(`nobody came by ${place}`)
    series.standing = await scene.project.serve()
    for (const fault of await faultsOf(scene, series.standing)) {
      if (!known.has(fault)) result.faults.push(fault)
    }
    if (received.size - before.received >= ANSWERS_MIN && broken.size > before.broken) {
      result.runs += 1
      return
    }
    result.tooEarly += 1
  }
  result.faults.push(`${place}: never killed with ${ANSWERS_MIN} answers and one in flight`)
}

/** Lets a gateway run and be killed; false when it never came by the place. */
async function crash(place: Place, { scene, random, standing }: Series, stretch: number): Promise<boolean> {
  const { project, load } = scene
  if (place === 'kill -9') {
    const serve = standing ?? (await project.serve())
    const count = ANSWERS_MIN + random(200)
    if (random(2) === 0) await killInABurst(scene, serve, count)
    else await killUnderLoad(load, serve, { count, afterMs: random(300) })
    // One start in three is killed, too. It takes some 500 ms.
    if (random(3) === 0) await killAtStart(project, random(500))
    return true
  }
  await standing?.kill()
  const [least, span] = PASSES[place]
  const pass = Math.ceil((least + random(span)) * stretch)
  const serve = await project.serve({ GATEZ_FAILPOINT: `${place}:${pass}` })
  return await callUntilDead(scene, serve, place === 'reload' ? ANSWERS_MIN + random(500) : undefined)
}

/** Calls until the gateway is dead by itself; false when it will not be. */
async function callUntilDead(
  { load, project, config }: CrashScene,
  serve: ServeProcess,
  reloadAfter: number | undefined,
): Promise<boolean> {
  const before = load.received.size
  let reloaded = false
  load.onReceived = () => {
    const answers = load.received.size - before
    if (reloadAfter !== undefined && answers >= reloadAfter && !reloaded) {
      reloaded = true
      project.writeConfig(config(1_000_000 + before))
      serve.hangUp()
    }
    if (answers > ANSWERS_MAX) load.stop()
  }
  await load.run(serve, CONNECTIONS)
  await serve.kill()
  return load.received.size - before <= ANSWERS_MAX
}

/** At which pass to die: from the first number on, over so many; enough for the answers a run must have. */
const PASSES: Readonly<Record<FailPointName, readonly [least: number, span: number]>> = {
  'after-auth': [600, 600],
  'after-limit': [600, 600],
  'before-connect': [600, 600],
  'after-upstream-headers': [600, 600],
  'mid-body': [800, 800],
  'before-commit': [120, 200],
  'inside-commit': [120, 200],
  'after-commit': [120, 200],
  'after-last-byte': [600, 600],
  'before-ship': [3, 3],
  'inside-ledger': [3, 3],
  'mid-ship': [3, 3],
  'after-ship': [3, 3],
  compaction: [3, 3],
  reload: [1, 1],
}

/** Whether everything is as the clients know it, after a start. */
async function faultsOf(scene: CrashScene, serve: ServeProcess): Promise<string[]> {
  const { project, load } = scene
  const { lost, invented, twice } = checkBill(project, load)
  return [
    ...lost.map((id) => `lost: ${id}`),
    ...invented.map((id) => `invented: ${id}`),
    ...twice.map((id) => `twice: ${id}`),
    ...damaged(project).map((path) => `damaged: ${path}`),
    ...load.refused.map((answer) => `refused: ${answer}`),
    ...(await countingFaults(scene, serve)),
  ]
}

/** The usage log, the ledger, and the counters that enforce must say the same of each tenant. */
async function countingFaults({ project, callers }: CrashScene, serve: ServeProcess): Promise<string[]> {
  const logged = new Map<string, number>()
  for (const { billable, tenant_id, count } of usageRows(project)) {
    if (billable === 1) logged.set(tenant_id, (logged.get(tenant_id) ?? 0) + count)
  }
  const ledger = ledgerSums(project)
  const faults: string[] = []
  for (const { tenantId, secret } of callers) {
    const headers = { 'x-api-key': secret }
    const answer = await fetch(`http://127.0.0.1:${serve.port}/gatez/usage`, { headers })
    const { quotas, limits } = (await answer.json()) as Record<'quotas' | 'limits', { used: number }[]>
    const expected = logged.get(tenantId) ?? 0
    const found = { ledger: ledger.get(tenantId) ?? 0, quota: quotas[0]?.used, window: limits[0]?.used }
    for (const [where, count] of Object.entries(found)) {
      if (count !== expected)
        faults.push(`${tenantId}: ${count} in the ${where}, ${expected} in the usage log`)
    }
  }
  return faults
}
