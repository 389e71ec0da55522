import type { Level, RollupKey } from '../storage/ports/ledger.ts'
import { cutsTime, type ReportBy, type ReportCut } from './report-columns.ts'
import type { TenantLevel, UsageSums } from './usage-sums.ts'

/** A row of a report while it grows. */
export interface Group {
  readonly name: string
  readonly cuts: readonly ReportCut[]
  readonly sums: UsageSums
}

/** Finds where something of the ledger stands in one breakdown. */
export type Cutter = (key: RollupKey) => ReportCut

/**
 * Gives each row the levels that held when its span began: those from before the report, and those that
 * rows of earlier days, weeks or months left behind.
 *
 * A row that is not about a part of the span is made where there is a level and nothing else; a day
 * without any usage stays without a row.
 */
export function carryLevels(
  groups: Map<string, Group>,
  levels: readonly Level[],
  breakdown: Breakdown,
  newSums: () => UsageSums,
): void {
  const carried = new Map<string, TenantLevel[]>()
  for (const level of levels) {
    const cuts = breakdown.cutters.map((cut) => cut(level))
    const series = seriesOf(cuts, breakdown.by)
    carried.set(series, [...(carried.get(series) ?? []), level])
    if (breakdown.by.some(cutsTime) || !level.billable || groups.has(series)) continue
    groups.set(series, { name: series, cuts, sums: newSums() })
  }
  for (const { cuts, sums } of [...groups.values()].sort(byStart)) {
    const series = seriesOf(cuts, breakdown.by)
    for (const level of carried.get(series) ?? []) sums.addLevel(level)
    // Only the last one counts from here on, and it is among these.
    const left = sums.lastLevels()
    if (left.length > 0) carried.set(series, [...left])
  }
}

export interface Breakdown {
  readonly by: readonly ReportBy[]
  /** One for each of `by`. */
  readonly cutters: readonly Cutter[]
}

/** Rows of one series follow each other in time. Without a breakdown by time it is the name of the row. */
function seriesOf(cuts: readonly ReportCut[], by: readonly ReportBy[]): string {
  return cuts.flatMap(({ label }, index) => (cutsTime(by[index] ?? '') ? [] : [label])).join('\n')
}

function byStart(left: Group, right: Group): number {
  return startOf(left) - startOf(right)
}

function startOf({ cuts }: Group): number {
  return Math.max(0, ...cuts.map(({ period }) => period?.startMs ?? 0))
}
