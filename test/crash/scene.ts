import { setTimeout as pause } from 'node:timers/promises'
import { systemClock } from '../../src/lib/clock.ts'
import type { Build } from '../support/build-programs.ts'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { flowConfig } from '../support/flow-config.ts'
import { Load, type LoadSource } from '../support/load.ts'
import { Project } from '../support/project.ts'
import type { ServeProcess } from '../support/serve-process.ts'
import { answerAll, CALLS, ROUTES } from './answers.ts'

export const CONNECTIONS = 48

export type Durability = 'disk' | 'process'

/** Two tenants with three keys, all forms of answers, two threads, an upstream: and the books of their clients. */
export interface CrashScene {
  readonly upstream: CountingUpstream
  readonly project: Project
  readonly load: Load
  readonly callers: LoadSource['callers']
  /** The configuration, with another limit: what a reload may change. */
  readonly config: (requestsADay: number) => string
}

/** Builds a scene in a folder of its own. */
export async function crashScene(durability: Durability, build: Build = 'lib'): Promise<CrashScene> {
  const upstream = await CountingUpstream.start()
  upstream.answer = answerAll
  const config = (requests: number): object => {
    const quotas = [{ meter: 'calls', per: 'month', included: 10_000_000, on_exceed: 'block' }]
    const plans = { open: { limits: [{ requests, per: 'day' }], quotas } }
    return flowConfig({ upstreamPort: upstream.port, threads: 2, durability, routes: ROUTES, plans })
  }
  const project = await Project.with(config(1_000_000), { build, env: { GATEZ_CLOCK: inMarch() } })
  const callers = await callersOf(project)
  const load = new Load({ callers, routes: CALLS })
  return { upstream, project, load, callers, config: (requests) => JSON.stringify(config(requests)) }
}

async function callersOf(project: Project): Promise<LoadSource['callers']> {
  await project.run('tenants', 'create', 'acme', '--plan', 'open')
  await project.run('tenants', 'create', 'globex', '--plan', 'open')
  const keys = [
    await project.json('keys', 'create', 'acme', '--name', 'one'),
    await project.json('keys', 'create', 'acme', '--name', 'two'),
    await project.json('keys', 'create', 'globex', '--name', 'one'),
  ]
  return keys.map((key) => ({ tenantId: key.tenant_id, keyId: key.id, secret: key.secret }))
}

/** Calls until `count` more answers arrived, then lets the rest end. */
export async function callSome(load: Load, serve: ServeProcess, count: number): Promise<void> {
  const enough = load.received.size + count
  load.onReceived = () => {
    if (load.received.size >= enough) load.stop()
  }
  await load.run(serve, CONNECTIONS)
}

/** Calls, and kills the gateway some time after the `count`th answer: in whatever it does then. */
export async function killUnderLoad(
  load: Load,
  serve: ServeProcess,
  { count, afterMs }: { readonly count: number; readonly afterMs: number },
): Promise<void> {
  const enough = load.received.size + count
  let aimed = false
  load.onReceived = () => {
    if (load.received.size < enough || aimed) return
    aimed = true
    setTimeout(() => void serve.kill(), afterMs)
  }
  await load.run(serve, CONNECTIONS)
  await serve.kill()
}

/**
 * The same, but the upstream answers all connections at once before the kill.
 *
 * The gateway then has many answers in its hands, and the client kills it on the first that arrives: a
 * gateway that lets answers go before they are metered cannot have metered them.
 */
export async function killInABurst(
  { load, upstream }: Pick<CrashScene, 'load' | 'upstream'>,
  serve: ServeProcess,
  count: number,
): Promise<void> {
  const enough = load.received.size + count
  const answer = upstream.answer
  const waiting: (() => void)[] = []
  let burst = false
  upstream.answer = (request, response) => {
    if (load.received.size < enough) return answer(request, response)
    waiting.push(() => answer(request, response))
    if (waiting.length < CONNECTIONS) return
    burst = true
    for (const each of waiting) each()
  }
  load.onReceived = () => {
    if (burst) void serve.kill()
  }
  await load.run(serve, CONNECTIONS)
  await serve.kill()
  upstream.answer = answer
}

/** Starts the gateway and kills it `afterMs` later, wherever in its start it is: shipping, counting, listening. */
export async function killAtStart(project: Project, afterMs: number): Promise<void> {
  const serve = project.spawnServe()
  await pause(afterMs)
  await serve.kill()
}

/** GATEZ_CLOCK that puts now into the middle of March 2026, for every process of a project alike. */
function inMarch(): string {
  const offsetMs = Date.UTC(2026, 2, 15, 12) - systemClock.nowMs()
  return offsetMs < 0 ? String(offsetMs) : `+${offsetMs}`
}
