import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'

/** The flags that say which billing period is meant. */
export const PERIOD_FLAGS = {
  month: Flags.string({ description: 'The period that is this month, as 2026-03.', helpValue: 'YYYY-MM' }),
  on: Flags.string({
    description: 'The period that holds this day, where billing.period is no month.',
    helpValue: 'DATE',
  }),
}

/** The argument that names one invoice. */
export const INVOICE_ARG = {
  invoice: Args.string({ description: 'Number of the invoice, or id of a draft.', required: true }),
}
