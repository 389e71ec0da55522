import { useQueryClient } from '@tanstack/react-query'
import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from 'react'
import { type AnswerOf, ControlClient } from '../../control/client.ts'
import { assert } from '../../lib/assert.ts'

/** Who is signed in, as the API says it. */
export type Session = AnswerOf<'signIn'>

/** What pages ask the API with, and who is in. */
export interface SessionState {
  /** undefined while nobody is in. */
  readonly session: Session | undefined
  /** Whether there was a session, and it ended by itself. */
  readonly isExpired: boolean
  readonly client: ControlClient
  /** Somebody came in: what was read for somebody else is forgotten. */
  enter(session: Session): void
  leave(): void
  expire(): void
}

const Context = createContext<SessionState | undefined>(undefined)

/** Holds the session for all pages below. */
export function SessionProvider({ initial, children }: SessionProviderProps) {
  const [session, setSession] = useState(initial)
  const [isExpired, setExpired] = useState(false)
  const queries = useQueryClient()
  const token = session?.csrf_token
  const client = useMemo(
    () => new ControlClient({ url: '', ...(token !== undefined && { csrfToken: token }) }),
    [token],
  )
  const change = useCallback(
    (next: Session | undefined) => {
      queries.clear()
      setExpired(false)
      setSession(next)
    },
    [queries],
  )
  const state = useMemo(
    () => ({
      ...{ session, isExpired, client },
      enter: change,
      leave: () => change(undefined),
      expire: () => setExpired(true),
    }),
    [session, isExpired, client, change],
  )
  return <Context value={state}>{children}</Context>
}

export interface SessionProviderProps {
  readonly initial: Session | undefined
  readonly children: ReactNode
}

/** The session of the page. */
export function useSession(): SessionState {
  const state = useContext(Context)
  assert(state !== undefined, 'a page stands below SessionProvider')
  return state
}
