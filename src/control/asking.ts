import type { FoundVisit } from '../access/visit-tenant.ts'
import type { Clock } from '../lib/clock.ts'
import type { MemberRole } from '../model/tenant.ts'
import type { TokenScope } from '../model/token.ts'
import type { ControlStore } from '../storage/ports/control-store.ts'
import type { Cases, EvidenceCases } from './cases.ts'
import type { ControlParts } from './control-parts.ts'
import type { DeskCases } from './desk-cases.ts'

/** Who asks. */
export type Principal =
  | { readonly kind: 'nobody' }
  | { readonly kind: 'token'; readonly id: string; readonly scopes: readonly TokenScope[] }
  | { readonly kind: 'operator'; readonly sessionId: string; readonly sessionHash: string }
  /** A program on this machine that opened the stores itself: what it may read and change, it may ask. */
  | { readonly kind: 'local'; readonly actor: string }
  | VisitorPrincipal
  | MemberPrincipal

/** An operator who looks at the pages of a customer as it sees them: may read what every member may, and no more. */
export interface VisitorPrincipal {
  readonly kind: 'visitor'
  readonly tenantId: string
  /** The session of the operator: what is asked is signed with it. */
  readonly sessionId: string
  readonly visit: FoundVisit
}

/** A member who signed in. */
export interface MemberPrincipal {
  readonly kind: 'member'
  readonly memberId: string
  readonly tenantId: string
  readonly email: string
  readonly role: MemberRole
  readonly sessionId: string
  readonly sessionHash: string
}

/** One request on its way to its answer. */
export interface Asking {
  readonly principal: Principal
  /** As the audit log names it. */
  readonly actor: string
  /** The use cases, signed with the actor; inside of a transaction when the request is kept for retries. */
  readonly cases: Cases
  readonly evidence: EvidenceCases
  /** The same for invoices and money; loaded when it is asked for first. */
  readonly desk: () => Promise<DeskCases>
  /** The store, or the transaction that all of this request is part of. */
  readonly store: ControlStore
  readonly parts: ControlParts
  readonly clock: Clock
  /** Whether it came to the listener of the portal. */
  readonly isPortal: boolean
  /** As it came: method, and path with query. */
  readonly method: string
  readonly target: string
  /** Where the request comes from. */
  readonly ip: string
  /** A field of the head, by its name in lower case. */
  readonly header: (name: string) => string | undefined
  /** All of the head. */
  readonly headers: Headers
  /** The body as it is, where the operation takes an upload. */
  readonly body: AsyncIterable<Uint8Array>
  readonly signal: AbortSignal
  /** Fields of the answer: cookies, and what tells a proxy. */
  readonly setHeader: (name: string, value: string) => void
}
