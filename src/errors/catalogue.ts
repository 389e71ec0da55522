import { BILLING_PROBLEMS } from './billing-problems.ts'
import { CALL_PROBLEMS } from './call-problems.ts'
import type { CatalogueRow } from './catalogue-row.ts'
import { COMMAND_PROBLEMS } from './command-problems.ts'
import { CONTROL_PROBLEMS } from './control-problems.ts'

/**
 * Every problem gatez can report, one row a code.
 *
 * A code is never renamed and never reused. `status` is the HTTP answer, `exit` the exit code of the
 * command line (0 ok · 1 failure · 2 usage · 3 config · 4 auth · 5 not found · 6 conflict ·
 * 7 unavailable, try again · 8 integrity · 70 bug), `fix` the way out, in one sentence.
 */
export const CATALOGUE = {
  ...CALL_PROBLEMS,
  ...COMMAND_PROBLEMS,
  ...CONTROL_PROBLEMS,
  ...BILLING_PROBLEMS,
} as const satisfies Record<string, CatalogueRow>

export type ErrorCode = keyof typeof CATALOGUE
