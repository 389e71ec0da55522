import { ChangeWatcher } from './access/watch-changes.ts'
import type { GatewayThreads } from './gateway/gateway-threads.ts'
import type { Clock } from './lib/clock.ts'
import type { Plan } from './model/plan.ts'
import type { ServingCounters } from './serve-counters.ts'
import type { ControlStore } from './storage/ports/control-store.ts'
import { describeError, type Log } from './telemetry/log.ts'
import { QuietFailures } from './telemetry/quiet-failures.ts'

/** How often changes made by other processes are looked for: far below the promised second. */
const CHANGES_EVERY_MS = 200

/**
 * Tells the gateway threads what changed in the store, and the counters before that: who has a new plan finds in them
 * what was used under the one before.
 */
export async function watchChanges(
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  store: ControlStore,
  { gateway, adjusted, carried }: Told,
): Promise<Disposable> {
  const failures = new QuietFailures(log)
  const watcher = await ChangeWatcher.start({
    changes: store.changes,
    clock,
    everyMs: CHANGES_EVERY_MS,
    onChanges: async (subjects) => {
      // What was revoked waits for no counter.
      gateway.forget(subjects.filter((subject) => !subject.startsWith(TENANT)))
      if (subjects.includes('plans')) {
        const plans = await plansInForce(store)
        await carried.replaceRules({ plans })
        gateway.replacePlans(plans)
      }
      if (subjects.some((subject) => subject.startsWith('event:'))) await adjusted.release()
      const ofTenants = subjects.filter((subject) => subject.startsWith(TENANT))
      await carried.tenantsChanged([...new Set(ofTenants.map((subject) => subject.slice(TENANT.length)))])
      gateway.forget(ofTenants)
    },
    onError: (error) => failures.error(describeError(error), 'looking for changes failed, will retry'),
  })
  const bell = store.doorbell?.onChange(() => watcher.ring())
  return {
    [Symbol.dispose]: () => {
      bell?.[Symbol.dispose]()
      watcher.stop()
    },
  }
}

/** The plans that the store says are in force. */
export async function plansInForce(store: ControlStore): Promise<Plan[]> {
  return (await store.plans.current()).map((version) => version.plan)
}

interface Told extends Pick<ServingCounters, 'adjusted' | 'carried'> {
  readonly gateway: GatewayThreads
}

const TENANT = 'tenant:'
