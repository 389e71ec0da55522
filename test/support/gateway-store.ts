import { join } from 'node:path'
import type { MeterClient } from '../../src/gateway/meter.ts'
import type { ManualClock } from '../../src/lib/clock.ts'
import { decodeEvents } from '../../src/metering/event-decoder.ts'
import { SPOOL_START } from '../../src/metering/spool-files.ts'
import { SpoolReader } from '../../src/metering/spool-reader.ts'
import type { UsageEvent } from '../../src/model/event.ts'
import { hashSecret } from '../../src/model/key.ts'
import type { ControlStore } from '../../src/storage/ports/control-store.ts'
import { key, openFor, plan, putPlans, subscription, tenant } from './control-store.ts'
import type { TestGatewayOptions } from './gateway.ts'

/** Puts what a test gateway knows into a new store: the tenant, its subscription, its key. */
export async function fillStore(
  folder: string,
  clock: ManualClock,
  secret: string,
  options: TestGatewayOptions,
): Promise<ControlStore> {
  const store = await openFor(folder, clock)
  await putPlans(store, options.plans ?? [plan()])
  await store.transaction(async (tables) => {
    await tables.tenants.insert(tenant(options.tenant))
    await tables.subscriptions.insert(subscription())
    await tables.keys.insert(key({ hash: hashSecret(secret), ...options.key }))
  })
  return store
}

/** The events that are durable once all that ended is. */
export async function spooledEvents(folder: string, client: MeterClient): Promise<readonly UsageEvent[]> {
  await client.drained()
  const spool = new SpoolReader(join(folder, 'spool.db'))
  try {
    return spool
      .after(SPOOL_START, 10_000)
      .flatMap(({ lines, epoch, firstSeq }) => decodeEvents(lines, { nodeId: 'node-1', epoch, firstSeq }))
  } finally {
    spool.close()
  }
}

/** The events of calls, each the sum of its parts, in the order in which they began. */
export function joinParts(events: readonly UsageEvent[]): readonly UsageEvent[] {
  const calls = new Map<string, UsageEvent>()
  for (const event of events) {
    const before = calls.get(event.requestId)
    const joined =
      before === undefined
        ? event
        : {
            ...event,
            count: before.count + event.count,
            bytesSent: before.bytesSent + event.bytesSent,
            bytesReceived: before.bytesReceived + event.bytesReceived,
            responseTimeMs: before.responseTimeMs + event.responseTimeMs,
          }
    calls.set(event.requestId, joined)
  }
  return [...calls.values()]
}
