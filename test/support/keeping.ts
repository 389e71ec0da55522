import { MessageChannel } from 'node:worker_threads'
import { onTestFinished } from 'vitest'
import { Keeper } from '../../src/gateway/keeper.ts'
import type { KeeperRequest } from '../../src/gateway/keeper-messages.ts'
import type { ManualClock } from '../../src/lib/clock.ts'
import { openUsageLog } from '../../src/storage/open.ts'
import { openFor, storesIn } from './control-store.ts'

/** A keeper in this process, with its ports and its stores, for the second run of `node-1`. */
export async function startKeeping(folder: string, clock: ManualClock) {
  const { port1, port2 } = new MessageChannel()
  const usageLog = await openUsageLog(storesIn(folder))
  onTestFinished(async () => {
    port1.close()
    await usageLog[Symbol.asyncDispose]()
  })
  const { keptAnswers } = await openFor(folder, clock)
  const keeper = new Keeper({ store: keptAnswers, usageLog, owner: { nodeId: 'node-1', epoch: 2 }, clock })
  port2.on('message', (request: KeeperRequest) => {
    keeper.handle(request).then(
      (outcome) => port2.postMessage({ id: request.id, outcome }),
      () => port2.postMessage({ id: request.id, outcome: undefined }),
    )
  })
  return { port: port1 }
}
