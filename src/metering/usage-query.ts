import { parseTimezone } from '../config/values.ts'
import { GatezError } from '../errors/gatez-error.ts'
import { didYouMean } from '../lib/closest.ts'
import type { Period } from '../model/period.ts'
import { isReportBy, REPORT_BY, type ReportBy } from './report-columns.ts'
import { reportSpan, type WrittenSpan } from './report-span.ts'

/**
 * Reads what a user asks of a report; throws `invalid-parameter`, naming flag and value, for what is wrong.
 *
 * `defaults` fill in what was not given. One `by` given twice counts once.
 */
export function parseUsageQuery(written: WrittenUsageQuery, defaults: UsageQueryDefaults): UsageQuery {
  const timezone = written.tz === undefined ? defaults.timezone : readTimezone(written.tz)
  return {
    timezone,
    span: reportSpan(written, { timezone, nowMs: defaults.nowMs }),
    by: written.by === undefined ? defaults.by : readBy(written.by),
    tenant: written.tenant,
  }
}

/** A question to the usage report, as flags or query parameters bring it. */
export interface WrittenUsageQuery extends WrittenSpan {
  /** Names of columns with commas between them, as `tenant,day`. */
  readonly by?: string | undefined
  /** An IANA time zone. */
  readonly tz?: string | undefined
  /** Id or external id. */
  readonly tenant?: string | undefined
}

export interface UsageQueryDefaults {
  readonly nowMs: number
  readonly timezone: string
  readonly by: readonly ReportBy[]
}

export interface UsageQuery {
  /** Begins and ends where a bucket of the ledger does. */
  readonly span: Period
  /** Where days, weeks and months are cut. */
  readonly timezone: string
  /** Each at most once. */
  readonly by: readonly ReportBy[]
  /** Id or external id; all tenants if undefined. */
  readonly tenant: string | undefined
}

function readTimezone(text: string): string {
  const parsed = parseTimezone(text)
  if ('problem' in parsed) throw new GatezError('invalid-parameter', `--tz ${parsed.problem}.`)
  return parsed.value
}

function readBy(text: string): readonly ReportBy[] {
  const by = new Set<ReportBy>()
  for (const name of text.split(',').map((part) => part.trim())) {
    if (!isReportBy(name)) {
      const hint = didYouMean(name, REPORT_BY)
      const detail = `--by takes ${REPORT_BY.join(', ')}, with commas between; it has ${JSON.stringify(name)}${hint}.`
      throw new GatezError('invalid-parameter', detail)
    }
    by.add(name)
  }
  return [...by]
}
