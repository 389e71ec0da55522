import { Hono } from 'hono'
import { isLoopback } from '../config/address.ts'
import { GatezError } from '../errors/gatez-error.ts'
import { guard, problemAnswer } from './answering.ts'
import { authenticate, authorize } from './authenticate.ts'
import { originOf } from './check-origin.ts'
import type { ControlParts } from './control-parts.ts'
import type { ControlContext, ControlEnv, ControlPlace } from './control-place.ts'
import { metricsText, type WriteMore } from './metrics.ts'

/**
 * Answers what machines ask for every few seconds, and leaves all else to `rest`.
 *
 * A probe and a scrape must not cost a gateway the memory of the control API and the portals.
 */
export function doorApp(
  parts: DoorParts,
  place: ControlPlace,
  rest: (...request: Parameters<ControlFetch>) => Promise<Response>,
): Pick<Hono<ControlEnv>, 'fetch'> {
  const app = new Hono<ControlEnv>()
  app.onError((error, context) => problemAnswer(parts, context, error))
  for (const path of MACHINE_PATHS) app.use(path, guard(parts, place))
  offerToMachines(app, parts, place)
  app.all('*', ({ req, env }) => rest(req.raw, env))
  return app
}

/** What is needed for that. */
export type DoorParts = Pick<
  ControlParts,
  'store' | 'clock' | 'log' | 'version' | 'config' | 'traffic' | 'spoolDepth' | 'counters'
>

/**
 * Whether the process lives, whether it can do its work, and its metrics.
 *
 * Metrics of tenants are of reports: without `writeMore` for them `/metrics` is left to who comes after.
 */
export function offerToMachines(
  app: Hono<ControlEnv>,
  parts: DoorParts,
  place: ControlPlace,
  writeMore?: WriteMore,
): void {
  app.get('/healthz', (context) => context.json({ status: 'ok' }))
  app.get('/readyz', async (context) => {
    await parts.store.changes.latestSequence()
    const ready = parts.traffic().meteringUp
    return context.json({ status: ready ? 'ready' : 'metering-unavailable' }, ready ? 200 : 503)
  })
  if (place.isPortal) return
  app.get('/metrics', async (context, next) => {
    const { access, tenants } = parts.config().telemetry.metrics
    if (tenants && writeMore === undefined) return next()
    if (access === 'off') throw new GatezError('no-route', 'The file says telemetry.metrics.access: off.')
    await checkReader(parts, place, context)
    context.header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
    return context.body(await metricsText(parts, tenants ? writeMore : undefined))
  })
}

async function checkReader(parts: DoorParts, place: ControlPlace, context: ControlContext): Promise<void> {
  const { access } = parts.config().telemetry.metrics
  const { ip } = originOf(parts, place, context)
  if (access === 'open' || (access === 'local' && isLoopback(ip))) return
  const { isPortal } = place
  const credentials = { header: (name: string) => context.req.header(name), ip, isPortal }
  const principal = await authenticate(parts, credentials)
  authorize({ by: 'operator', scope: 'read' }, principal)
}

type ControlFetch = (request: Request, env: ControlEnv['Bindings']) => Promise<Response> | Response

const MACHINE_PATHS = ['/healthz', '/readyz', '/metrics']
