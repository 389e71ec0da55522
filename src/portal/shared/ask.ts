import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import type { AnswerOf, InputOf, OperationId } from '../../control/client.ts'
import { GatezError } from '../../errors/gatez-error.ts'
import { useSession } from './session.tsx'

/**
 * Reads something, and reads it again when it may have changed. Its type is the operation's own.
 *
 * What was there is shown until the new comes. A session that ended is told to the whole page.
 */
export function useAsk<Id extends OperationId>(id: Id, input: InputOf<Id>, how: AskHow = {}) {
  const { client, expire } = useSession()
  const query = useQuery({
    queryKey: [id, input],
    queryFn: ({ signal }): Promise<AnswerOf<Id>> => client.call(id, input, { signal }),
    placeholderData: keepPreviousData,
    retry: (count, error) => count < 2 && isPassing(error),
    ...(how.everyMs !== undefined && { refetchInterval: how.everyMs }),
    ...(how.isWanted !== undefined && { enabled: how.isWanted }),
  })
  const { error } = query
  useEffect(() => {
    if (isSessionEnd(error)) expire()
  }, [error, expire])
  return query
}

/** How something is read. */
export interface AskHow {
  /** How often it is read again. */
  readonly everyMs?: number
  /** False while what it is asked with is not known yet. */
  readonly isWanted?: boolean
}

/** Changes something; afterwards what the named operations read is read again. */
export function useChange<Id extends OperationId>(id: Id, touches: readonly OperationId[] = []) {
  const { client, expire } = useSession()
  const queries = useQueryClient()
  const readAgain = () =>
    Promise.all(touches.map((touched) => queries.invalidateQueries({ queryKey: [touched] })))
  return useMutation({
    mutationFn: (input: InputOf<Id>): Promise<AnswerOf<Id>> => client.call(id, input),
    onSuccess: readAgain,
    onError: (error) => {
      if (isSessionEnd(error)) expire()
      // Somebody else may have been first: then what is shown is not what is there.
      else void readAgain()
    },
  })
}

/** Whether an error says that nobody is signed in any more. */
export function isSessionEnd(error: unknown): boolean {
  return (
    error instanceof GatezError && (error.code === 'missing-token' || error.code === 'csrf-token-invalid')
  )
}

/** Whether it may go well a moment later. */
function isPassing(error: unknown): boolean {
  return !(error instanceof GatezError) || error.code === 'control-unreachable' || error.status === 503
}
