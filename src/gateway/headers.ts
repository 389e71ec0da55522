import type { Counter, Decision } from '../storage/ports/counters.ts'

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
      return `"${counter.id}";q=${counter.amount};w=${Math.ceil(windowMs / 1000)}`
    })
    .join(', ')
}

/**
 * Adds what the client may know of its limits to `fields`: the IETF pair with every limit by id, and
 * the older `X-RateLimit-*` with the one that leaves the fewest calls (design 4).
 *
 * On a refusal that is the limit that refused for longest, and `Retry-After` says when to come back.
 */
export function addRateHeaders(
  fields: string[],
  counters: readonly Counter[],
  policy: string,
  decision: Decision,
  nowMs: number,
): void {
  if (counters.length === 0) return
  let states = ''
  let closest = 0
  let fewest = Number.POSITIVE_INFINITY
  for (let index = 0; index < counters.length; index += 1) {
    const counter = counters[index]
    const remaining = decision.remaining[index] ?? 0
    if (counter === undefined) continue
    const seconds = Math.max(0, Math.ceil(((decision.resetAtMs[index] ?? nowMs) - nowMs) / 1000))
    states += `${index === 0 ? counter.stateHead : counter.nextStateHead}${remaining};t=${seconds}`
    // Calls in flight are no allowance that runs out: only where nothing else is limited.
    const callsLeft = counter.kind === 'concurrent' ? Number.MAX_VALUE : remaining / counter.cost
    if (callsLeft < fewest) {
      fewest = callsLeft
      closest = index
    }
  }
  if (decision.outcome === 'refused') {
    closest = longestViolation(decision)
    fields.push('Retry-After', retryAfterSeconds(decision, nowMs))
  }
  fields.push('RateLimit-Policy', policy, 'RateLimit', states)
  fields.push(
    'X-RateLimit-Limit',
    String(counters[closest]?.amount ?? 0),
    'X-RateLimit-Remaining',
    String(decision.remaining[closest] ?? 0),
    'X-RateLimit-Reset',
    String(Math.ceil((decision.resetAtMs[closest] ?? nowMs) / 1000)),
  )
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
