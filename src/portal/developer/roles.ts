import { useSession } from '../shared/session.tsx'

/** What the role of who is signed in allows: buttons that would be refused are not shown. */
export function useMay(): May {
  const role = useSession().session?.member?.role
  const isAdmin = role === 'admin'
  return {
    keys: isAdmin || role === 'developer',
    plan: isAdmin || role === 'billing',
    members: isAdmin,
  }
}

export interface May {
  /** Ask for keys, reveal, rotate, revoke; try calls. */
  readonly keys: boolean
  readonly plan: boolean
  readonly members: boolean
}
