import type { Brand } from './brand.ts'
import type { ListenAddress, ListenerTls } from './config.ts'

/** The listener of the control API, and what the portals are told. */
export interface ControlConfig {
  readonly listen: ListenAddress
  /** Whether the file names the address: one that nobody chose may give way to what listens there. */
  readonly isChosen: boolean
  readonly tls: ListenerTls | null
  /** A proxy of the operator's stands in front, speaks TLS and lets in whom it should. */
  readonly behindProxy: boolean
  /** Host names it answers to beside its own addresses. */
  readonly hosts: readonly string[]
  /** Of one token, session or address; null = any number. */
  readonly requestsPerMinute: number | null
}

export interface PortalConfig {
  /** A listener that serves the portal and nothing else; null = it is on the one of control. */
  readonly listen: ListenAddress | null
  readonly tls: ListenerTls | null
  readonly behindProxy: boolean
  /** Where members reach it, as `https://portal.example.com`; null = where it listens. */
  readonly url: string | null
  readonly signUp: 'open' | 'invited' | 'closed'
  /** The plan of a tenant that signs up by itself; null = none. */
  readonly signUpPlan: string | null
  /** Plans a customer may move to by itself; null = all. */
  readonly plans: readonly string[] | null
  readonly oidc: OidcConfig | null
  readonly brand: Brand
}

/** A provider of identities (OpenID Connect) that members and operators can sign in with. */
export interface OidcConfig {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** Addresses of those who sign in as operators. */
  readonly operators: readonly string[]
}
