import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'
import type { Principal } from './asking.ts'

/** Where an app listens: what it offers, and what of a request is believed. */
export interface ControlPlace {
  /** The portal's own listener offers the portal only. */
  readonly isPortal: boolean
  /** The address it listens on. */
  readonly host: string
  /** Who asks, where nobody else can reach it: an app without a socket. */
  readonly caller?: Extract<Principal, { kind: 'local' }>
}

/** What an app is told of each request beside the request itself: nothing, where there is no socket. */
export interface ControlEnv {
  Bindings: Partial<HttpBindings>
}

/** A request to control, and what is answered. */
export type ControlContext = Context<ControlEnv>
