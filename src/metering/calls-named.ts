import type { UsageLog } from '../storage/ports/usage-log.ts'
import { isPart, type WholeCall, wholeCalls } from './whole-calls.ts'

/** More calls of one request id are not looked for. */
const SAME_ID_MAX = 20
/** Nor more parts of one call: some days of them. */
const PARTS_MAX = 250_000

/** The newest calls with this request id, or the one with this event id, oldest first; each of them whole. */
export async function callsNamed(usageLog: UsageLog, id: string): Promise<readonly WholeCall[]> {
  const named = await usageLog.findByRequestId(id, SAME_ID_MAX)
  if (named.some(isPart)) return wholeCalls(await usageLog.findByRequestId(id, PARTS_MAX)).slice(-SAME_ID_MAX)
  if (named.length > 0) return wholeCalls(named)
  const call = await callOfEvent(usageLog, id)
  return call === undefined ? [] : [call]
}

/** The call that the event of this id is, or is a part of. An id of ours is nobody else's. */
export async function callOfEvent(usageLog: UsageLog, id: string): Promise<WholeCall | undefined> {
  const event = await usageLog.find(id)
  if (event === undefined) return undefined
  const same = isPart(event) ? wholeCalls(await usageLog.findByRequestId(event.requestId, PARTS_MAX)) : []
  return same.find(({ pieces }) => pieces.some((piece) => piece.id === id)) ?? wholeCalls([event])[0]
}
