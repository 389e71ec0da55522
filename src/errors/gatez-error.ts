import { CATALOGUE, type ErrorCode } from './catalogue.ts'

/**
 * A problem of the caller's making, or one the caller can wait out: a row of the catalogue.
 *
 * `detail` is public. What must stay private (driver messages, addresses) goes into `cause`.
 */
export class GatezError extends Error {
  override readonly name = 'GatezError'
  readonly code: ErrorCode
  readonly status: number
  /** Further public members of the problem document. */
  readonly extra: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, detail: string, options: GatezErrorOptions = {}) {
    super(detail, { cause: options.cause })
    this.code = code
    this.status = CATALOGUE[code].status
    this.extra = options.extra ?? {}
  }
}

export interface GatezErrorOptions {
  readonly cause?: unknown
  readonly extra?: Readonly<Record<string, unknown>>
}
