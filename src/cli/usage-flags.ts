import * as Flags from '@oclif/core/flags'
import { REPORT_BY } from '../metering/report-columns.ts'
import { BUILT_IN_METERS } from '../model/meter.ts'

/** The flags that say which usage is meant: of `usage report` and `usage export` alike. */
export const USAGE_FLAGS = {
  month: Flags.string({
    description: 'A calendar month, as 2026-03; the current one if not given.',
    helpValue: 'YYYY-MM',
  }),
  from: Flags.string({
    description: 'Begin: a date, or a moment such as 2026-03-01T06:00Z, in steps of 15 minutes.',
    helpValue: 'TIME',
  }),
  to: Flags.string({
    description: 'End, which is not part of the span; the end of today if not given.',
    helpValue: 'TIME',
  }),
  by: Flags.string({
    description: `Break down by, with commas between: ${REPORT_BY.join(', ')}, or a dimension of yours.`,
  }),
  meters: Flags.string({
    description: `Only these meters, with commas between: yours, or ${BUILT_IN_METERS.join(', ')}.`,
    helpValue: 'LIST',
  }),
  tz: Flags.string({
    description: 'Time zone in which days, weeks and months are cut; billing.timezone if not given.',
    helpValue: 'ZONE',
  }),
  tenant: Flags.string({ description: 'Only this tenant: its id or external id.' }),
}
