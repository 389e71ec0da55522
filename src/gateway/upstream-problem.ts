import type { ErrorCode } from '../errors/catalogue.ts'
import { Refusal } from './refusal.ts'

/** What the client is told of a failed upstream: never its address, never its message. */
export function upstreamProblem(error: Error): Refusal {
  const code: unknown = 'code' in error ? error.code : undefined
  const problem: ErrorCode =
    typeof code === 'string' && TIMEOUTS.has(code)
      ? 'upstream-timeout'
      : error.name === 'HTTPParserError' ||
          (typeof code === 'string' && INVALID.has(code)) ||
          error === TOO_MUCH_BEFORE ||
          UNASKED.has(error.message)
        ? 'upstream-invalid-response'
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

const DETAILS = {
  'upstream-timeout': 'The service behind this endpoint did not answer in time.',
  'upstream-invalid-response': 'The service behind this endpoint sent something that is no valid answer.',
  'upstream-unreachable': 'The service behind this endpoint cannot be reached.',
} as const

/** Why the gateway itself gave an upstream up that never came to its answer. */
export const TOO_MUCH_BEFORE = new Error('the upstream sends informational answers without end')
