import { Refusal } from './refusal.ts'
import { TOO_LARGE } from './upload.ts'

/** What the client is told of a failed upstream: never its address, never its message. */
export function upstreamProblem(error: Error): Refusal {
  const code: unknown = 'code' in error ? error.code : undefined
  if (error === TOO_LARGE) return BODY_TOO_LARGE
  const problem: keyof typeof DETAILS =
    typeof code === 'string' && TIMEOUTS.has(code)
      ? 'upstream-timeout'
      : error.name === 'HTTPParserError' ||
          (typeof code === 'string' && INVALID.has(code)) ||
          error === TOO_MUCH_BEFORE ||
          error === UNKNOWN_CODING ||
          UNASKED.has(error.message)
        ? 'upstream-invalid-response'
        : typeof code === 'string' && TLS_PROBLEM.test(code)
          ? 'upstream-tls'
          : 'upstream-unreachable'
  return new Refusal(problem, DETAILS[problem])
}

const TIMEOUTS = new Set([
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'ETIMEDOUT',
])

const INVALID = new Set([
  'UND_ERR_HEADERS_OVERFLOW',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  'UND_ERR_RESPONSE',
])

/** What undici says, by its message only, of a `100` or `101` no one asked for. */
const UNASKED = new Set(['bad response', 'bad upgrade'])

/** Codes of certificates that are not accepted, and of handshakes that fail. */
const TLS_PROBLEM =
  /^(?:ERR_SSL_|ERR_TLS_|EPROTO$|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH)/

const DETAILS = {
  'upstream-timeout': 'The service behind this endpoint did not answer in time.',
  'upstream-invalid-response': 'The service behind this endpoint sent something that is no valid answer.',
  'upstream-tls': 'The service behind this endpoint could not be reached safely.',
  'upstream-unreachable': 'The service behind this endpoint cannot be reached.',
} as const

/** What a client is told while no upstream takes calls. */
export function circuitOpen(retryAfterS: number): Refusal {
  const detail = 'The service behind this endpoint failed too often; it is given time to recover.'
  return new Refusal('circuit-open', detail, { headers: ['Retry-After', String(retryAfterS)] })
}

/** What a client is told whose body is larger than its route takes. */
export const BODY_TOO_LARGE = new Refusal(
  'body-too-large',
  'The request body is larger than this endpoint takes.',
)

/** Why the gateway itself gave a call up that never got a connection. */
export const NO_CONNECTION = Object.assign(new Error('no connection to it became free in time'), {
  code: 'ETIMEDOUT',
})

/** Why the gateway itself gave an upstream up whose answer it cannot read. */
export const UNKNOWN_CODING = new Error('the upstream answers in a transfer coding other than chunked')

/** Why the gateway itself gave an upstream up that never came to its answer. */
export const TOO_MUCH_BEFORE = new Error(
  'the upstream sends informational answers without end, or of no status',
)

/** Why the gateway itself ends a call: nobody is left to answer. */
export const CLIENT_GONE = new Error('the client is gone')
