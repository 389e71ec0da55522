import { accountingFiles } from './billing/export/accounting-csv.ts'
import { readEventNames } from './billing/export/export-meter-events.ts'
import { meterEvents } from './billing/export/meter-events.ts'
import { STRIPE_TAKES_MS } from './billing/export/stripe-file.ts'
import { viewInvoiceRow } from './billing/invoice/invoice-view.ts'
import type { Config } from './config/config.ts'
import type { AskedUsage, DeskCases } from './control/desk-cases.ts'
import { GatezError } from './errors/gatez-error.ts'
import type { Clock } from './lib/clock.ts'
import { didYouMean } from './lib/closest.ts'
import { isoTime } from './lib/iso-time.ts'
import { reportSpan } from './metering/report-span.ts'
import { usageTenantId } from './metering/usage-tenant.ts'
import { BUILT_IN_METERS } from './model/meter.ts'
import type { ControlStore } from './storage/ports/control-store.ts'

/** Usage in the forms that other programs take, where a report is not enough. */
export function usageFileCases({ config, store, clock }: UsageFileParts): UsageFileCases {
  const spanOf = (asked: AskedUsage) =>
    reportSpan(asked, { timezone: config.billing.timezone, nowMs: clock.nowMs() })
  const tenantOf = async ({ tenant }: AskedUsage) =>
    tenant === undefined ? undefined : usageTenantId(store.tenants, tenant)
  return {
    takeMeterEvents: async (asked) => {
      const meters = summedMeters(config, asked.meters)
      const eventNames = readEventNames(asked.eventNames, meters)
      const { again, batch } = asked
      const nowMs = clock.nowMs()
      const which = { span: spanOf(asked), tenantId: await tenantOf(asked), meters }
      const oldestMs = nowMs - STRIPE_TAKES_MS
      const asking = { ...which, target: STRIPE, again, oldestMs, nowMs, batch }
      const { events, tooOld } = await meterEvents(store, asking)
      return { events, tooOld, eventNames, nowMs }
    },
    markMeterEvents: ({ batch }) => store.usageExports.markWritten(STRIPE, batch, clock.nowMs()),
    accountingFiles: async ({ format, state, all, ...asked }) => {
      const isNamed = asked.month !== undefined || asked.from !== undefined || asked.to !== undefined
      const within = all && !isNamed ? undefined : spanOf(asked)
      const states = state === undefined ? undefined : [state]
      const invoices = await store.invoices.list({ tenantId: await tenantOf(asked), within, states })
      const isIssued = invoices.some((invoice) => invoice.number !== null && invoice.state !== 'void')
      if (!all && !isIssued && within !== undefined) {
        const span = `${isoTime(within.startMs)} to ${isoTime(within.endMs)}`
        const detail = `No invoice was issued for a period that begins in ${span}: gatez invoices run makes them when it is over.`
        throw new GatezError('not-found', detail)
      }
      return { invoices: invoices.map(viewInvoiceRow), files: accountingFiles(format, invoices) }
    },
  }
}

/** What of the desk is about usage for other programs. */
export type UsageFileCases = Pick<DeskCases, 'takeMeterEvents' | 'markMeterEvents' | 'accountingFiles'>

interface UsageFileParts {
  readonly config: Config
  readonly store: ControlStore
  readonly clock: Clock
}

/** Who gets the events. */
const STRIPE = 'stripe'

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
