import { parseTimezone } from '../config/values.ts'
import { GatezError } from '../errors/gatez-error.ts'
import { didYouMean } from '../lib/closest.ts'
import { BUILT_IN_METERS } from '../model/meter.ts'
import type { Period } from '../model/period.ts'
import { REPORT_BY, type ReportBy } from './report-columns.ts'
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
    by:
      written.by === undefined
        ? defaults.by
        : readList('--by', written.by, [...REPORT_BY, ...defaults.dimensions]),
    tenant: written.tenant,
    ...(written.meters !== undefined && {
      meters: readList('--meters', written.meters, [...BUILT_IN_METERS, ...defaults.meters]),
    }),
  }
}

/** A question to the usage report, as flags or query parameters bring it. */
export interface WrittenUsageQuery extends WrittenSpan {
  /** Names of columns with commas between them, as `tenant,day`. */
  readonly by?: string | undefined
  /** Ids of meters with commas between them, as `calls,bandwidth`. */
  readonly meters?: string | undefined
  /** An IANA time zone. */
  readonly tz?: string | undefined
  /** Id or external id. */
  readonly tenant?: string | undefined
}

export interface UsageQueryDefaults {
  readonly nowMs: number
  readonly timezone: string
  readonly by: readonly ReportBy[]
  /** Ids of what the file declares. */
  readonly dimensions: readonly string[]
  readonly meters: readonly string[]
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
  /** Of these tenants only, by their ids; where no one is named. */
  readonly among?: readonly string[]
  /** The meters that stand in `quantities`; all custom ones that were used if not given. */
  readonly meters?: readonly string[]
}

function readTimezone(text: string): string {
  const parsed = parseTimezone(text)
  if ('problem' in parsed) throw new GatezError('invalid-parameter', `--tz ${parsed.problem}.`)
  return parsed.value
}

function readList(flag: string, text: string, known: readonly string[]): readonly string[] {
  const names = new Set<string>()
  for (const name of text.split(',').map((part) => part.trim())) {
    if (!known.includes(name)) {
      const hint = didYouMean(name, known)
      const detail = `${flag} takes ${known.join(', ')}, with commas between; it has ${JSON.stringify(name)}${hint}.`
      throw new GatezError('invalid-parameter', detail)
    }
    names.add(name)
  }
  return [...names]
}
