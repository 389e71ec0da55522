import type { ListenerTls } from '../config/config.ts'

/** The name of the cookie that a session is. */
export const SESSION_COOKIE = 'gatez_session'

/** The name of the cookie that the visit of an operator at a customer is. */
export const VISIT_COOKIE = 'gatez_visit'

/** Where that cookie goes: with it beside, an operator stays signed in at its own pages. */
export const VISIT_PATH = '/api/portal'

/** Binds a sign-in at the provider of identities to the browser that began it. */
export const OIDC_COOKIE = 'gatez_oidc'

/** A cookie no script reads and no page of another site sends with a change. */
export function cookieField(name: string, value: string, how: CookieRules): string {
  const age = Math.max(0, Math.floor(how.seconds))
  const secure = how.isSecure ? '; Secure' : ''
  return `${name}=${value}; Path=${how.path ?? '/'}; HttpOnly; SameSite=Lax; Max-Age=${age}${secure}`
}

export interface CookieRules {
  readonly seconds: number
  /** Whether only TLS may carry it. */
  readonly isSecure: boolean
  /** Below which path it is sent; everywhere if not given. */
  readonly path?: string
}

/** The value of a cookie in the field `Cookie`. */
export function readCookie(field: string | undefined, name: string): string | undefined {
  for (const pair of field?.split(';') ?? []) {
    const at = pair.indexOf('=')
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim()
  }
  return undefined
}

/**
 * The cookie that says who asks: a visit stands before a session, so that both can be open in one browser.
 *
 * The public listener of the portal knows no operator, and so no visit.
 */
export function sessionCookieOf(
  field: string | undefined,
  isPortal: boolean,
): { readonly value: string; readonly isVisit: boolean } | undefined {
  const visit = isPortal ? undefined : readCookie(field, VISIT_COOKIE)
  if (visit !== undefined && visit !== '') return { value: visit, isVisit: true }
  const session = readCookie(field, SESSION_COOKIE)
  return session === undefined || session === '' ? undefined : { value: session, isVisit: false }
}

/** Whether what comes to a listener came by TLS, to it or to the proxy before it. */
export function isSecure(listener: {
  readonly tls: ListenerTls | null
  readonly behindProxy: boolean
}): boolean {
  return listener.tls !== null || listener.behindProxy
}
