import { type Counter, type Decision, leftOf } from '../storage/ports/counters.ts'
import { type FieldWriter, writeField } from './field-writer.ts'

/**
 * The value of `RateLimit-Policy` for a set of counters; the same for every call that uses it.
 *
 * draft-ietf-httpapi-ratelimit-headers: `"tenant-day";q=100;w=86400`. Names are structured-field
 * strings (RFC 9651): ids hold no quotes or backslashes, the schema sees to it.
 */
export function policyHeader(counters: readonly Counter[]): string {
  return counters
    .map((counter) => {
      if (counter.kind === 'concurrent') return `"${counter.id}";q=${counter.amount};qu="concurrent-requests"`
      const windowMs =
        counter.kind === 'quota' ? counter.periodEndMs - counter.periodStartMs : counter.windowMs
      return `"${counter.id}";q=${counter.allowance};w=${Math.ceil(windowMs / 1000)}`
    })
    .join(', ')
}

/**
 * Writes what the client may know of its limits: the IETF pair with every limit by id, and
 * the older `X-RateLimit-*` with the one that leaves the fewest calls (design 4).
 *
 * On a refusal that is the limit that refused for longest, and `Retry-After` says when to come back.
 */
export function writeRateHeaders(
  to: FieldWriter,
  counters: readonly Counter[],
  policy: string,
  decision: Decision,
  nowMs: number,
): void {
  if (counters.length === 0) return
  let warning = ''
  let closest = 0
  let fewest = Number.POSITIVE_INFINITY
  if (decision.outcome === 'refused') writeField(to, 'Retry-After', retryAfterSeconds(decision, nowMs))
  writeField(to, 'RateLimit-Policy', policy)
  to.name('RateLimit')
  for (let index = 0; index < counters.length; index += 1) {
    const counter = counters[index]
    if (counter === undefined) continue
    const remaining = leftOf(counter, decision.remaining[index] ?? 0)
    to.text(index === 0 ? counter.stateHead : counter.nextStateHead)
    to.number(remaining)
    to.text(';t=')
    to.number(Math.max(0, Math.ceil(((decision.resetAtMs[index] ?? nowMs) - nowMs) / 1000)))
    // What never refuses, or frees with every answer, comes to the front only where nothing else is limited.
    const isSoft = counter.kind === 'concurrent' || counter.amount !== counter.allowance
    const callsLeft = isSoft ? Number.MAX_VALUE : remaining / counter.cost
    if (counter.kind === 'quota') warning += quotaWarning(counter, decision.remaining[index] ?? 0, warning)
    if (callsLeft < fewest) {
      fewest = callsLeft
      closest = index
    }
  }
  to.end()
  if (warning !== '') writeField(to, 'X-Gatez-Quota', warning)
  if (decision.outcome === 'refused') closest = longestViolation(decision)
  const shown = counters[closest]
  writeNumber(to, 'X-RateLimit-Limit', shown?.allowance ?? 0)
  const left = shown === undefined ? 0 : leftOf(shown, decision.remaining[closest] ?? 0)
  writeNumber(to, 'X-RateLimit-Remaining', left)
  writeNumber(to, 'X-RateLimit-Reset', Math.ceil((decision.resetAtMs[closest] ?? nowMs) / 1000))
}

function writeNumber(to: FieldWriter, name: string, value: number): void {
  to.name(name)
  to.number(value)
  to.end()
}

/** Tells of a quota of which 80 % or more is used, also when it refuses nobody: `"calls-month";used=1200;q=1000`. */
function quotaWarning({ id, amount, allowance }: Counter, remaining: number, before: string): string {
  const used = amount - remaining
  if (used * 5 < allowance * 4) return ''
  return `${before === '' ? '' : ', '}"${id}";used=${used};q=${allowance}`
}

/** Position of the violated counter that frees last. Only when one is violated. */
export function longestViolation(decision: Decision): number {
  let longest = decision.violated[0] ?? 0
  for (const index of decision.violated) {
    if ((decision.resetAtMs[index] ?? 0) > (decision.resetAtMs[longest] ?? 0)) longest = index
  }
  return longest
}

function retryAfterSeconds(decision: Decision, nowMs: number): string {
  const resetAtMs = decision.resetAtMs[longestViolation(decision)] ?? nowMs
  return String(Math.max(1, Math.ceil((resetAtMs - nowMs) / 1000)))
}
