import { randomUUID } from 'node:crypto'
import type { Writable } from 'node:stream'
import { findTenant } from './access/find-tenant.ts'
import { openApp } from './app.ts'
import type { AccountingFormat } from './billing/export/accounting-csv.ts'
import { exportAccounting } from './billing/export/export-invoices.ts'
import { exportMeterEvents, type MeterEventsForm } from './billing/export/export-meter-events.ts'
import type { Config } from './config/config.ts'
import { GatezError } from './errors/gatez-error.ts'
import { didYouMean } from './lib/closest.ts'
import { isoTime } from './lib/iso-time.ts'
import { reportSpan, type WrittenSpan } from './metering/report-span.ts'
import { BUILT_IN_METERS } from './model/meter.ts'

/** Usage in the forms that other programs take, where a report is not enough. Dispose it when done. */
export async function openUsageFiles(configFile: string) {
  const app = await openApp(configFile)
  const { config, store, clock } = app
  const spanOf = (asked: AskedUsage) =>
    reportSpan(asked, { timezone: config.billing.timezone, nowMs: clock.nowMs() })
  const tenantOf = async ({ tenant }: AskedUsage) =>
    tenant === undefined ? undefined : (await findTenant(store, tenant)).id
  return {
    exportMeterEvents: async (asked: AskedUsage & { readonly again: boolean }, form: MeterEventsForm) =>
      exportMeterEvents(store, {
        ...form,
        span: spanOf(asked),
        tenantId: await tenantOf(asked),
        meters: summedMeters(config, asked.meters),
        again: asked.again,
        nowMs: clock.nowMs(),
        batch: randomUUID(),
      }),
    exportAccounting: async (asked: AskedUsage, { format, to }: AccountingForm) => {
      const within = spanOf(asked)
      const invoices = await store.invoices.list({ tenantId: await tenantOf(asked), within })
      const issued = invoices.filter(({ number, state }) => number !== null && state !== 'void')
      if (issued.length === 0) {
        const span = `${isoTime(within.startMs)} to ${isoTime(within.endMs)}`
        const detail = `No invoice was issued for a period that begins in ${span}: gatez invoices run makes them when it is over.`
        throw new GatezError('not-found', detail)
      }
      if (to !== null) await exportAccounting(issued, { format, to })
      return issued
    },
    [Symbol.asyncDispose]: () => app[Symbol.asyncDispose](),
  }
}

/** Which usage is meant, as flags bring it. */
export interface AskedUsage extends WrittenSpan {
  readonly tenant?: string | undefined
  /** Ids with commas between them; those that have a price if not given. */
  readonly meters?: string | undefined
}

interface AccountingForm {
  readonly format: AccountingFormat
  /** Path of a file, or a stream; null writes nothing. */
  readonly to: string | Writable | null
}

/** The meters asked for, or all that have a price. Only what is added up can be handed over in parts. */
function summedMeters({ meters, plans }: Config, asked: string | undefined): readonly string[] {
  const kept = meters.filter(({ aggregation }) => aggregation !== 'sum' && aggregation !== 'count')
  const isSummed = (id: string): boolean => !kept.some((meter) => meter.id === id)
  if (asked === undefined) {
    const priced = plans.flatMap(({ charges }) => charges.flatMap(({ meter }) => meter ?? []))
    const summed = [...new Set(priced)].filter(isSummed)
    return summed.length === 0 ? ['calls'] : summed
  }
  const known = [...BUILT_IN_METERS, ...meters.map(({ id }) => id)].filter(isSummed)
  const ids = [...new Set(asked.split(',').map((id) => id.trim()))]
  for (const id of ids) {
    if (known.includes(id)) continue
    const detail = `--meters takes meters that are added up: ${known.join(', ')}; it has ${JSON.stringify(id)}${didYouMean(id, known)}.`
    throw new GatezError('invalid-parameter', detail)
  }
  return ids
}
