import { assert } from '../lib/assert.ts'
import type { Asking, MemberPrincipal } from './asking.ts'

/** The member who asks: only members come as far as operations of the portal. */
export function mine({ principal }: Asking): MemberPrincipal {
  assert(principal.kind === 'member', 'only members come this far')
  return principal
}
