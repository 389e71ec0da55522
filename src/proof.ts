import { type App, openApp } from './app.ts'
import type { Config } from './config/config.ts'
import { processEnvironment, remoteFromEnvironment } from './config/environment.ts'
import type { AskedFigure, AskedLeaks, Visit } from './control/cases.ts'
import { remoteProof } from './control/remote.ts'
import { GatezError } from './errors/gatez-error.ts'
import { callOfEvent, callsNamed } from './metering/calls-named.ts'
import { parseUsageQuery, type WrittenUsageQuery } from './metering/usage-query.ts'
import { usageTenantId } from './metering/usage-tenant.ts'
import type { Period } from './model/period.ts'
import { type EventTrail, eventTrail } from './reconcile/event-trail.ts'
import {
  type ExplainedEvent,
  type ExplainedFigure,
  eventsBehind,
  explainFigure,
  viewOf,
} from './reconcile/explain-figure.ts'
import { type Figure, figureMeter } from './reconcile/figure.ts'
import { figureOfLine } from './reconcile/figure-of-line.ts'
import { figureOfRow } from './reconcile/figure-of-row.ts'
import { findLeaks, type LeakedUsage, type LeakFilter } from './reconcile/find-leaks.ts'
import type { Reconciliation } from './reconcile/reconcile.ts'
import { reconcileStores, withSettledStores } from './reconcile/reconcile-stores.ts'
import { SealedMeters } from './reconcile/sealed-meters.ts'
import { type UsageLeaks, usageLeaks } from './reconcile/usage-leaks.ts'
import { type VoidRequest, voidEvent } from './reconcile/void-event.ts'
import { openUsageLog } from './storage/open.ts'
import type { UsageLog } from './storage/ports/usage-log.ts'

/**
 * What commands need that prove, open up or take back what was counted: the app, and the usage log beside it.
 *
 * Dispose it when done.
 */
export async function openProof(configFile: string): Promise<Proof> {
  const remote = remoteFromEnvironment(processEnvironment(), configFile)
  if (remote !== undefined) return remoteProof(remote)
  await using opened = new AsyncDisposableStack()
  const app = opened.use(await openApp(configFile))
  const usageLog = opened.use(await openUsageLog(app.config))
  const keep = opened.move()
  return { ...proofOn(app, usageLog), [Symbol.asyncDispose]: () => keep.disposeAsync() }
}

/** What proves the numbers. */
export type Proof = ReturnType<typeof proofOn> & AsyncDisposable

/** The same on stores that are open. */
export function proofOn(
  { config, clock, store, actor }: Pick<App, 'config' | 'clock' | 'store' | 'actor'>,
  usageLog: UsageLog,
) {
  return {
    reconcile: (written: WrittenUsageQuery) => reconcileWritten(written),
    explain: async (written: AskedFigure): Promise<ExplainedFigure> => {
      const { figure, stated } = await figureOf(written)
      return withSettledStores(config, ({ control }, positions) => {
        return explainFigure({ control, positions }, figure, stated)
      })
    },
    /** Hands over every event behind a figure, one after the other. */
    eachBehind: async (written: AskedFigure, each: Visit<ExplainedEvent>): Promise<void> => {
      const { figure } = await figureOf(written)
      await withSettledStores(config, async ({ control }, positions) => {
        const sealed = await SealedMeters.read(control.ledger, figure.span, figure.meter)
        for await (const behind of eventsBehind({ positions }, figure, sealed)) {
          const taken = each(viewOf(behind))
          // Most take it at once: a turn for each of a million would cost more than the work.
          if (taken !== undefined) await taken
        }
      })
    },
    ...leakCases(config, usageOf),
    trail: (id: string) => trailOf(id),
    voidEvent: (request: Omit<VoidRequest, 'actor'>) =>
      voidEvent({ store, clock, usageLog }, { ...request, actor }),
  }

  async function reconcileWritten(written: WrittenUsageQuery): Promise<Reconciliation> {
    const { span, tenantId } = await usageOf(written)
    return reconcileStores(config, { span, tenantId })
  }

  async function usageOf(
    written: WrittenUsageQuery,
  ): Promise<{ span: Period; tenantId: string | undefined }> {
    const { timezone } = config.billing
    const asked = { nowMs: clock.nowMs(), timezone, by: [], meters: [], dimensions: [] }
    const { span, tenant } = parseUsageQuery(written, asked)
    return { span, tenantId: tenant === undefined ? undefined : await usageTenantId(store.tenants, tenant) }
  }

  async function figureOf(written: AskedFigure): Promise<{ figure: Figure; stated: string | undefined }> {
    if (written.line !== undefined) {
      const { parts, meter, span, stated } = await figureOfLine(store, written.line)
      return { figure: { ...parts, meter, span }, stated }
    }
    const meter = figureMeter(
      written.meter,
      config.meters.map(({ id }) => id),
    )
    if (written.csv !== undefined) {
      const dimensions = config.dimensions.map(({ id }) => id)
      const row = figureOfRow(written.csv.text, { ...written.csv, dimensions })
      const span = { startMs: row.startMs, endMs: row.endMs }
      return { figure: { ...row.parts, meter, span }, stated: row.stated(meter) }
    }
    const { key, route } = written
    const figure = { ...(await usageOf(written)), meter, keyId: key, routeId: route }
    return { figure, stated: undefined }
  }

  async function trailOf(id: string): Promise<EventTrail> {
    const call = (await callOfEvent(usageLog, id)) ?? (await callsNamed(usageLog, id)).at(-1)
    const event = call?.pieces.find((piece) => piece.id === id) ?? call?.pieces[0]
    if (event !== undefined) return eventTrail({ store, usageLog }, event, call?.pieces)
    const detail = `No event has the id or request id ${JSON.stringify(id)}; for a row of an export write FILE:LINE.`
    throw new GatezError('not-found', detail)
  }
}

/** What may be missing on the bills, looked for in all stores as they are at one moment. */
function leakCases(config: Config, usageOf: (written: WrittenUsageQuery) => Promise<LeakFilter>) {
  const filterOf = async (written: AskedLeaks) => ({ ...(await usageOf(written)), kind: written.kind })
  return {
    leaks: async (written: AskedLeaks): Promise<UsageLeaks> => {
      const filter = await filterOf(written)
      return withSettledStores(config, ({ control }, positions) => usageLeaks({ control, positions }, filter))
    },
    /** Hands over every leak, one after the other. */
    eachLeak: async (written: AskedLeaks, each: Visit<LeakedUsage>): Promise<void> => {
      const filter = await filterOf(written)
      await withSettledStores(config, async ({ control }, positions) => {
        for await (const leak of findLeaks({ control, positions }, filter)) {
          const taken = each(leak)
          if (taken !== undefined) await taken
        }
      })
    },
  }
}
