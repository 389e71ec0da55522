/**
 * A text as a spreadsheet shows it, and never as a formula it runs: with a `'` before what would begin one.
 *
 * Names are user input; `=HYPERLINK(…)` as a tenant's name must not run on the operator's machine. The
 * full-width forms count as well, since some programs read them alike. For text columns only: a number
 * of ours may begin with a minus.
 */
export function textCell(text: string): string {
  return FORMULA_START.test(text) ? `'${text}` : text
}

// Blanks and invisible characters before the sign are skipped by some programs.
const FORMULA_START = /^[\s\p{Cc}\p{Cf}]*[=+\-@＝＋－＠]|^[\t\r\n]/u
