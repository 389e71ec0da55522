import { CATALOGUE, type ErrorCode } from '../errors/catalogue.ts'
import { problemType } from '../errors/problem.ts'

/**
 * Why a request goes no further: a row of the catalogue, with what belongs to this case.
 *
 * A stage returns it; nothing is thrown on the way of a request.
 */
export class Refusal {
  readonly code: ErrorCode
  readonly detail: string
  /** Further public members of the problem document. */
  readonly extra: Readonly<Record<string, unknown>>
  /** Further header fields of the answer: name, value, name, value … */
  readonly headers: readonly string[]

  constructor(code: ErrorCode, detail: string, options: RefusalOptions = {}) {
    this.code = code
    this.detail = detail
    this.extra = options.extra ?? NO_EXTRA
    this.headers = options.headers ?? NO_HEADERS
  }

  get status(): number {
    return CATALOGUE[this.code].status
  }

  /** The problem document as JSON text. */
  toJson(requestId: string, docsUrl: string | null): string {
    return JSON.stringify({
      ...this.extra,
      type: problemType(this.code, docsUrl),
      title: CATALOGUE[this.code].title,
      status: this.status,
      detail: this.detail,
      instance: `urn:gatez:request:${requestId}`,
      code: this.code,
      request_id: requestId,
    })
  }
}

export interface RefusalOptions {
  readonly extra?: Readonly<Record<string, unknown>>
  readonly headers?: readonly string[]
}

const NO_EXTRA: Readonly<Record<string, unknown>> = Object.freeze({})
const NO_HEADERS: readonly string[] = Object.freeze([])
