import { openApp } from './app.ts'
import { GatezError } from './errors/gatez-error.ts'
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
import { type ExportedRow, figureOfRow } from './reconcile/figure-of-row.ts'
import type { Reconciliation } from './reconcile/reconcile.ts'
import { reconcileStores, withSettledStores } from './reconcile/reconcile-stores.ts'
import { type VoidRequest, voidEvent } from './reconcile/void-event.ts'
import { openUsageLog } from './storage/open.ts'

/**
 * What commands need that prove, open up or take back what was counted: the app, and the usage log beside it.
 *
 * Dispose it when done.
 */
export async function openProof(configFile: string) {
  await using opened = new AsyncDisposableStack()
  const app = opened.use(await openApp(configFile))
  const usageLog = opened.use(await openUsageLog(app.config))
  const keep = opened.move()
  const { config, clock, store, actor } = app

  return {
    reconcile: (written: WrittenUsageQuery) => reconcileWritten(written),
    explain: async (written: FigureQuery): Promise<ExplainedFigure> => {
      const { figure, row } = await figureOf(written)
      return withSettledStores(config, ({ control }, positions) => {
        return explainFigure({ control, positions }, figure, row?.stated(figure.meter))
      })
    },
    /** Hands over every event behind a figure, one after the other. */
    eachBehind: async (written: FigureQuery, each: (event: ExplainedEvent) => void): Promise<void> => {
      const { figure } = await figureOf(written)
      await withSettledStores(config, async (_, positions) => {
        for (const { event, quantity } of eventsBehind({ positions }, figure)) each(viewOf(event, quantity))
      })
    },
    trail: (id: string) => trailOf(id),
    /** No period is closed until there are invoices. */
    voidEvent: (request: Omit<VoidRequest, 'actor'>) =>
      voidEvent({ store, clock, usageLog, isClosed: () => false }, { ...request, actor }),
    [Symbol.asyncDispose]: () => keep.disposeAsync(),
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

  async function figureOf(written: FigureQuery): Promise<{ figure: Figure; row: ExportedRow | undefined }> {
    const meter = figureMeter(
      written.meter,
      config.meters.map(({ id }) => id),
    )
    if (written.csv !== undefined) {
      const row = figureOfRow(written.csv.text, written.csv)
      const span = { startMs: row.startMs, endMs: row.endMs }
      return { figure: { ...row.parts, meter, span }, row }
    }
    const { key, route } = written
    const figure = { ...(await usageOf(written)), meter, keyId: key, routeId: route }
    return { figure, row: undefined }
  }

  async function trailOf(id: string): Promise<EventTrail> {
    const event = (await usageLog.find(id)) ?? (await usageLog.findByRequestId(id, 1))[0]
    if (event !== undefined) return eventTrail({ store, usageLog }, event)
    const detail = `No event has the id or request id ${JSON.stringify(id)}; for a row of an export write FILE:LINE.`
    throw new GatezError('not-found', detail)
  }
}

/** A figure as flags name it, or a row of a CSV export. */
export interface FigureQuery extends Omit<WrittenUsageQuery, 'by' | 'tz'> {
  readonly meter: string
  readonly key?: string | undefined
  readonly route?: string | undefined
  readonly csv?: { readonly file: string; readonly line: number; readonly text: string } | undefined
}
