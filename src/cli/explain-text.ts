import type { EventTrail } from '../reconcile/event-trail.ts'
import type { ExplainedFigure } from '../reconcile/explain-figure.ts'
import { plural } from './plan-rows.ts'
import type { TableColumn } from './table.ts'

/** So many buckets are shown; of more the first. */
const BUCKETS_MAX = 24

/** The columns of the table of buckets. */
export const BUCKET_COLUMNS: readonly TableColumn[] = [
  { title: 'FROM (15 MINUTES)', whole: true },
  { title: 'QUANTITY', align: 'right' },
]

/** The buckets of a figure, as rows. */
export function bucketRows({ buckets }: ExplainedFigure): readonly (readonly string[])[] {
  return buckets.slice(0, BUCKETS_MAX).map(({ start, quantity }) => [start, quantity])
}

/** What the figure is, before the buckets. */
export function figureHeading(figure: ExplainedFigure): string {
  const { meter, quantity, from, to, tenant_id, key_id, route_id, stated } = figure
  const parts = [
    tenant_id === null ? 'all tenants' : `tenant ${tenant_id || '–'}`,
    ...(key_id === null ? [] : [`key ${key_id || '–'}`]),
    ...(route_id === null ? [] : [`route ${route_id}`]),
  ]
  const said =
    stated === null || stated === quantity ? '' : `\nThe file says ${stated}: the ledger has moved since.`
  return `${quantity} ${meter} of ${parts.join(', ')}\nfrom ${from} up to ${to}${said}`
}

/** What stands below the buckets: how many events, whether they come to the figure, and the first of them. */
export function figureLines(figure: ExplainedFigure): readonly string[] {
  const { buckets, events, events_total: total, equal, forgotten_before: before } = figure
  return [
    ...(buckets.length > BUCKETS_MAX
      ? [`… and ${plural(buckets.length - BUCKETS_MAX, 'more bucket')}.`]
      : []),
    ...(before === null ? [] : [`Events from before ${before} are forgotten (metering.retention_days).`]),
    equal
      ? `${plural(total, 'event')} ${total === 1 ? 'stands' : 'stand'} behind it${before === null ? ', and come to the same figure' : ' since'}.`
      : `${plural(total, 'event')} stand behind it and come to ${figure.events_quantity}: gatez reconcile finds out why.`,
    ...events.map(({ id, quantity, timestamp }) => `  ${id}  ${timestamp}  ${quantity}`),
    ...(total > events.length ? ['  … (--ids prints all)'] : []),
  ]
}

/** The way of one event, a step a line. */
export function trailLines(trail: EventTrail): readonly string[] {
  const { event, plan, voided } = trail
  const billed = event.billable ? 'billable' : 'not billable'
  return [
    `Event ${event.id}: ${event.method} ${event.endpoint} of ${event.tenant_id || 'nobody'}, ${event.status_code}, ${billed}`,
    `  received      ${trail.received_at}`,
    `  answered      ${trail.answered_at}`,
    `  deduplicated  ${trail.times_in_log} in the usage log under this id`,
    `  spooled       ${trail.spooled_from === null ? 'not known' : between(trail.spooled_from, trail.spooled_to)}`,
    `  shipped       ${trail.shipped_at ?? 'not known'}, event ${event.seq} of run ${event.epoch} of ${event.node_id}`,
    `  rated         ${plan === null ? 'no plan' : `plan ${plan.id}, version ${plan.version}`}, bucket ${trail.bucket}; on no invoice yet`,
    ...(voided === null ? [] : [`  taken back    ${voided.at} by ${voided.id}: ${voided.reason}`]),
  ]
}

function between(from: string, to: string | null): string {
  return to === null || to === from ? from : `between ${from} and ${to}`
}
