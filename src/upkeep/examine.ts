import { applyPlans } from '../access/apply-plans.ts'
import type { Config } from '../config/config.ts'
import { GatezError } from '../errors/gatez-error.ts'
import type { Clock } from '../lib/clock.ts'
import { openControlStore } from '../storage/open.ts'
import type { ControlStore } from '../storage/ports/control-store.ts'
import { checkDisk } from './check-disk.ts'
import { checkRoutes } from './check-routes.ts'
import { checkStores, isServing } from './check-stores.ts'
import { type Finding, failure, ok, warning } from './finding.ts'
import { unreachable } from './reach-upstream.ts'

/** Keys that expire sooner are told of. */
const EXPIRES_SOON_MS = 14 * 86_400_000

export interface ExamineParts {
  readonly config: Config
  readonly clock: Clock
  /** Throws `port-taken` when someone listens there. */
  readonly probePort: (listen: Config['gateway']['listen']) => Promise<void>
}

/**
 * Looks at everything a gateway needs, also while it runs, and changes nothing.
 *
 * One finding each, with a way out where something is wrong; in the order in which one would mend them.
 */
export async function examine({ config, clock, probePort }: ExamineParts): Promise<readonly Finding[]> {
  const findings = [...checkDisk(config, clock)]
  if (findings.some(({ verdict, check }) => verdict === 'failure' && check === 'data folder')) return findings
  const stores = await checkStores(config, clock)
  findings.push(await checkGateway(config, probePort), ...stores)
  for (const api of config.apis) findings.push(await checkUpstream(api))
  if (stores.some(({ verdict }) => verdict === 'failure') || stores[0]?.check === 'stores') return findings
  await using store = await openControlStore(config, clock)
  findings.push(await checkPlans(store, config, clock), await checkTenants(store, clock))
  findings.push(await checkKeys(store, clock))
  const gone = await checkRoutes(store.ledger, config, clock.nowMs())
  if (gone !== undefined) findings.push(gone)
  return findings
}

async function checkGateway(config: Config, probePort: ExamineParts['probePort']): Promise<Finding> {
  const { listen } = config.gateway
  const at = `${listen.host}:${listen.port}`
  if (isServing(config))
    return ok('gateway', `a gatez serve works here, listening on ${at} unless told otherwise`)
  try {
    await probePort(listen)
    return ok('gateway', `not serving; ${at} is free`)
  } catch (error) {
    if (!(error instanceof GatezError)) throw error
    return failure('gateway', error.message, 'Stop what listens there, or change gateway.listen.')
  }
}

/** One finding an api: fine as long as all its upstreams can be reached. */
async function checkUpstream({ id, upstreams }: Config['apis'][number]): Promise<Finding> {
  const problems = await Promise.all(
    upstreams.map(async (upstream) => {
      const problem = await unreachable(upstream)
      return problem === undefined ? [] : [`${upstream}: ${problem}`]
    }),
  )
  const found = problems.flat()
  if (found.length === 0) return ok(`upstream ${id}`, upstreams.join(', '))
  const wayOut = 'Start it, or mend upstream in the file'
  return found.length < upstreams.length
    ? warning(`upstream ${id}`, found.join('; '), `${wayOut}: until then the others get its calls.`)
    : failure(`upstream ${id}`, found.join('; '), `${wayOut}: until then calls get 502.`)
}

async function checkPlans(store: ControlStore, { plans }: Config, clock: Clock): Promise<Finding> {
  try {
    const request = { plans, actor: 'doctor', mode: 'explicit', dryRun: true } as const
    const { changed } = await applyPlans({ store, clock }, request)
    if (!changed) return ok('plans', `the ${plans.length} of the file are in force`)
    return warning(
      'plans',
      'the file has other plans than those in force',
      'gatez plans diff shows them, gatez apply puts them in force.',
    )
  } catch (error) {
    if (!(error instanceof GatezError)) throw error
    return failure('plans', error.message, 'Put the plan back into the file, or move its tenants first.')
  }
}

async function checkTenants(store: ControlStore, clock: Clock): Promise<Finding> {
  const without: string[] = []
  const tenants = await store.tenants.list()
  for (const { id } of tenants) {
    if ((await store.subscriptions.activeAt(id, clock.nowMs())) === undefined) without.push(id)
  }
  if (without.length === 0)
    return ok('tenants', tenants.length === 1 ? '1, with a plan' : `${tenants.length}, all with a plan`)
  const named = `${without.slice(0, 5).join(', ')}${without.length > 5 ? ' …' : ''}`
  const fix = 'Their calls get 403 no-plan. gatez tenants plan ID PLAN gives them one.'
  return warning('tenants', `${without.length} of ${tenants.length} have no plan: ${named}`, fix)
}

async function checkKeys(store: ControlStore, clock: Clock): Promise<Finding> {
  const active = await store.keys.list({ state: 'active' })
  const soon = active.filter(({ expiresAtMs }) => {
    return (
      expiresAtMs !== null && expiresAtMs > clock.nowMs() && expiresAtMs < clock.nowMs() + EXPIRES_SOON_MS
    )
  })
  if (soon.length === 0) return ok('keys', active.length === 1 ? '1 active' : `${active.length} active`)
  const named = soon
    .slice(0, 5)
    .map(({ id }) => id)
    .join(', ')
  return warning(
    'keys',
    `${soon.length} expire within 14 days: ${named}`,
    'gatez keys rotate ID makes a new one beside the old.',
  )
}
