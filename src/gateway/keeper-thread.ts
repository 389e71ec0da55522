import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { assert } from '../lib/assert.ts'
import { shiftedClock } from '../lib/clock.ts'
import { openControlStore, openUsageLog } from '../storage/open.ts'
import { describeError } from '../telemetry/log.ts'
import { Keeper, UPKEEP_MS } from './keeper.ts'
import type {
  KeeperConnect,
  KeeperReply,
  KeeperReport,
  KeeperRequest,
  KeeperThreadData,
} from './keeper-messages.ts'

/** Keeps answers on a thread of its own: a write to the store waits for the disk, and no other call may. */
async function startKeeper(data: KeeperThreadData, report: (report: KeeperReport) => void): Promise<Connect> {
  const { stores, owner } = data
  const clock = shiftedClock(data.clockOffsetMs)
  const { keptAnswers: store } = await openControlStore({ stores }, clock)
  const keeper = new Keeper({ store, usageLog: await openUsageLog({ stores }), owner, clock })
  const failed = (error: unknown): void => report({ kind: 'failed', error: describeError(error) })
  setInterval(() => void keeper.upkeep().catch(failed), UPKEEP_MS)
  return (port) => {
    port.on('message', (request: KeeperRequest) => {
      const reply = (outcome: KeeperReply['outcome']): void => port.postMessage({ id: request.id, outcome })
      keeper.handle(request).then(reply, (error: unknown) => {
        failed(error)
        reply(undefined)
      })
    })
  }
}

type Connect = (port: MessagePort) => void

const parent = parentPort
assert(parent !== null, 'the keeper thread is started as a worker')
const report = (message: KeeperReport): void => parent.postMessage(message)
startKeeper(workerData, report).then(
  (connect) => {
    parent.on('message', ({ port }: KeeperConnect) => connect(port))
    report({ kind: 'ready' })
  },
  (error: unknown) => {
    throw error
  },
)
