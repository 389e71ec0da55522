import { GatezError } from '../errors/gatez-error.ts'

/** What `gatez usage explain` is asked about. */
export type WrittenFigure =
  /** A row of a CSV export, by its line. */
  | { readonly kind: 'row'; readonly file: string; readonly line: number }
  /** One event, by its id or request id. */
  | { readonly kind: 'event'; readonly id: string }
  /** Usage as flags name it. */
  | { readonly kind: 'usage' }

/** Reads `usage.csv:17`, the id of an event, or nothing; throws `invalid-parameter` for what is none of these. */
export function parseWrittenFigure(written: string | undefined): WrittenFigure {
  if (written === undefined) return { kind: 'usage' }
  if (/^INV-\d{4}-\d{4,}/i.test(written)) {
    // The place where lines of invoices will be opened: a line names tenant, meter and period, too.
    const detail = `${written}: there are no invoices yet. Name the figure by --tenant, --meter and --month.`
    throw new GatezError('invalid-parameter', detail)
  }
  const [, file, line] = /^(.+\.\w+):(\d+)$/.exec(written) ?? []
  if (file === undefined) return { kind: 'event', id: written }
  if (Number(line) >= 2) return { kind: 'row', file, line: Number(line) }
  throw new GatezError('invalid-parameter', `${written}: line ${line} is no row; the rows begin on line 2.`)
}
