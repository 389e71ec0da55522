import { CATALOGUE, type ErrorCode } from './catalogue.ts'
import { GatezError } from './gatez-error.ts'

/** An RFC 9457 problem document, plus our stable `code`. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly instance: string
  readonly code: ErrorCode
  readonly [extra: string]: unknown
}

export interface ProblemPlace {
  readonly requestId: string
  /** Base of the pages about errors, from `docs_url` in the file; without it `type` is a URN. */
  readonly docsUrl: string | null
}

/** Types registered by draft-ietf-httpapi-ratelimit-headers; the rest are ours. */
const IANA_TYPES: Partial<Record<ErrorCode, string>> = {
  'quota-exceeded': 'https://iana.org/assignments/http-problem-types#quota-exceeded',
  'rate-limited': 'https://iana.org/assignments/http-problem-types#quota-exceeded',
  'concurrency-limited': 'https://iana.org/assignments/http-problem-types#quota-exceeded',
  'too-many-failed-keys': 'https://iana.org/assignments/http-problem-types#abnormal-usage-detected',
  overloaded: 'https://iana.org/assignments/http-problem-types#temporary-reduced-capacity',
  'limiter-unavailable': 'https://iana.org/assignments/http-problem-types#temporary-reduced-capacity',
  'metering-unavailable': 'https://iana.org/assignments/http-problem-types#temporary-reduced-capacity',
}

/** The `type` of a problem: the IANA one where it exists, else the page about our code, else its URN. */
export function problemType(code: ErrorCode, docsUrl: string | null): string {
  const own = docsUrl === null ? `urn:gatez:errors:${code}` : `${docsUrl}/errors/${code}`
  return IANA_TYPES[code] ?? own
}

/**
 * Turns anything thrown into the document a client may read.
 *
 * What gatez did not throw on purpose becomes `internal`, with nothing of its message kept:
 * an unplanned message can carry a connection string.
 */
export function toProblem(thrown: unknown, at: ProblemPlace): Problem {
  const error =
    thrown instanceof GatezError
      ? thrown
      : new GatezError('internal', 'The request could not be completed.', { cause: thrown })
  return {
    ...error.extra,
    type: problemType(error.code, at.docsUrl),
    title: CATALOGUE[error.code].title,
    status: error.status,
    detail: error.message,
    instance: `urn:gatez:request:${at.requestId}`,
    code: error.code,
  }
}
