import type { ItemOf, OperationId } from '../../control/client.ts'
import { useAsk } from '../shared/ask.ts'

const LIVE_MS = 5_000

/** A key, or the wish for one. */
export type KeyRequest = ItemOf<'listKeys'>

/** What is read again once a request is decided. */
export const DECIDED: readonly OperationId[] = ['listKeys', 'listAudit', 'showTenant']

/** The key requests that wait for an answer, read again all the time. */
export function useWaitingRequests() {
  return useAsk('listKeys', { status: 'requested', limit: '1000' }, { everyMs: LIVE_MS })
}
