import { GatezError } from '../errors/gatez-error.ts'
import type { ControlParts } from './control-parts.ts'
import type { ControlContext, ControlPlace } from './control-place.ts'
import { isSecure } from './session-cookie.ts'

/**
 * Refuses a request for a host that is not ours: a page that made its own name point at this machine must
 * not reach what only this machine may.
 */
export function checkHost(
  parts: Pick<ControlParts, 'config'>,
  { host, isPortal }: ControlPlace,
  context: ControlContext,
): void {
  const asked = nameOf(context.req.header('host') ?? new URL(context.req.url).host)
  const { control, portal } = parts.config()
  const own = [...LOOPBACK, host.toLowerCase(), ...(isPortal ? [] : control.hosts)]
  if (portal.url !== null) own.push(nameOf(new URL(portal.url).host))
  // Without a socket there is no env: pages of this process ask the app itself.
  const { incoming } = { ...context.env }
  const { localAddress } = incoming?.socket ?? {}
  if (localAddress !== undefined) own.push(localAddress.replace(/^::ffff:/, ''))
  if (own.some((name) => nameOf(name) === asked)) return
  throw new GatezError('misdirected-request', 'This host is not one that is served here.')
}

/** Refuses what a page of another site asks for: there is no CORS here, and cookies must not ride along. */
export function checkOrigin(
  parts: Pick<ControlParts, 'config'>,
  place: ControlPlace,
  context: ControlContext,
): void {
  const { req } = context
  const origin = req.header('origin')
  const isChange = req.method !== 'GET' && req.method !== 'HEAD'
  if (origin === undefined) {
    if (!isChange || req.header('sec-fetch-site') !== 'cross-site') return
  } else {
    const { control, portal } = parts.config()
    const scheme = isSecure(place.isPortal ? portal : control) ? 'https' : 'http'
    if (origin === `${scheme}://${req.header('host') ?? ''}` || origin === portal.url) return
  }
  throw new GatezError('foreign-origin', 'A page of another site may not call this.')
}

/** Where a request comes from: the socket, or what the operator's own proxy says of it. */
export function originOf(
  parts: Pick<ControlParts, 'config'>,
  { isPortal }: ControlPlace,
  context: ControlContext,
): { readonly ip: string } {
  const { control, portal } = parts.config()
  const { incoming } = { ...context.env }
  const socketIp = (incoming?.socket.remoteAddress ?? '').replace(/^::ffff:/, '')
  const { behindProxy } = isPortal ? portal : control
  const forwarded = behindProxy ? context.req.header('x-forwarded-for')?.split(',').at(-1)?.trim() : undefined
  return { ip: forwarded === undefined || forwarded === '' ? socketIp : forwarded }
}

/** A host without its port, lower case, an IPv6 address without its brackets. */
function nameOf(host: string): string {
  const lower = host.toLowerCase()
  const [, v6] = /^\[([^\]]*)\](?::\d*)?$/.exec(lower) ?? []
  if (v6 !== undefined) return v6
  return lower.split(':').length > 2 ? lower : lower.replace(/:\d*$/, '')
}

const LOOPBACK = ['localhost', '127.0.0.1', '::1']
