import { assert } from '../lib/assert.ts'
import type { Asking, MemberPrincipal, VisitorPrincipal } from './asking.ts'

/** Whose organisation is asked about: only members and who visits them come as far as operations of the portal. */
export function mine({ principal }: Asking): MemberPrincipal | VisitorPrincipal {
  assert(principal.kind === 'member' || principal.kind === 'visitor', 'only members come this far')
  return principal
}

/** The member who asks, where somebody who only visits has been turned away. */
export function myself({ principal }: Asking): MemberPrincipal {
  assert(principal.kind === 'member', 'only members change anything')
  return principal
}
