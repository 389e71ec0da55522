import { setTimeout as pause } from 'node:timers/promises'
import { GatezError } from '../errors/gatez-error.ts'
import type { StatusRanges } from '../model/api.ts'
import { statusCounts } from '../model/api.ts'
import type { UsageEvent } from '../model/event.ts'
import type { AppendedEvent, UsageLog } from '../storage/ports/usage-log.ts'

/** How often the log is looked at: a call is in it within half a second, and must be seen within one. */
const LOOK_EVERY_MS = 200
const PAGE_EVENTS = 1_000
/** How far back the last calls are looked for; a filter that lets few through may find fewer than asked for. */
const LOOK_BACK_EVENTS = 200_000

/**
 * The last calls that match, then each new one soon after it was metered, until `signal` aborts.
 *
 * Gives them in small lists: what one look at the log found, in the order of time. Without `follow` it ends
 * after the last ones. It reads beside the gateway and never holds it up.
 */
export async function* tailUsage(
  { usageLog }: { readonly usageLog: UsageLog },
  request: TailRequest,
): AsyncGenerator<readonly UsageEvent[], undefined> {
  let position = await usageLog.newestPosition()
  const last = await lastEvents(usageLog, request, position)
  if (last.length > 0) yield last
  const late = new LateEvents(usageLog, position)
  while (request.follow && !request.signal.aborted) {
    const found = await usageLog.appendedAfter(position, PAGE_EVENTS)
    const passedOver = await late.before(position, found)
    position = found.at(-1)?.position ?? position
    const events = [...passedOver, ...found].map(({ event }) => event)
    const matching = events.filter((event) => matches(event, request))
    if (matching.length > 0) yield matching.sort(byTime)
    if (found.length >= PAGE_EVENTS) continue
    await pause(LOOK_EVERY_MS, undefined, { signal: request.signal }).catch(() => {})
  }
  return undefined
}

export interface TailRequest extends TailFilter {
  /** How many of the calls before now. */
  readonly last: number
  readonly follow: boolean
  /** How many events before now are looked through for them; 200,000 if not set. */
  readonly lookBack?: number | undefined
  readonly signal: AbortSignal
}

/** Which calls are shown; what is not set lets all through. */
export interface TailFilter {
  readonly tenantId?: string | undefined
  readonly keyId?: string | undefined
  readonly routeId?: string | undefined
  readonly statuses?: StatusRanges | undefined
  /** Of a call that is metered in parts only the first and the last; all if not set. */
  readonly parts?: 'ends' | undefined
}

/** Reads `--status`: `429`, `4xx`, `200-299`, or several with commas between them. */
export function parseStatusFilter(written: string): StatusRanges {
  return written.split(',').map((part) => {
    const text = part.trim().toLowerCase()
    if (/^[1-5]xx$/.test(text)) return [Number(text[0]) * 100, Number(text[0]) * 100 + 99]
    const [, first, last = first] = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/.exec(text) ?? []
    if (first === undefined || Number(first) > Number(last)) {
      const detail = `--status is ${JSON.stringify(written)}; write a status, a class or a range, as 429, 4xx or 500-504.`
      throw new GatezError('invalid-parameter', detail)
    }
    return [Number(first), Number(last)]
  })
}

async function lastEvents(
  usageLog: UsageLog,
  request: TailRequest,
  newest: number,
): Promise<readonly UsageEvent[]> {
  let found: UsageEvent[] = []
  let looked = 0
  const lookBack = request.lookBack ?? LOOK_BACK_EVENTS
  for (let end = newest; looked < lookBack && found.length < request.last; ) {
    const page = await usageLog.appendedBefore(end, PAGE_EVENTS)
    const events = page.map(({ event }) => event)
    found = [...events.filter((event) => matches(event, request)), ...found]
    looked += page.length
    end = (page[0]?.position ?? 0) - 1
    if (page.length < PAGE_EVENTS) break
  }
  return request.last === 0 ? [] : found.sort(byTime).slice(-request.last)
}

/**
 * Events that came to stand behind others that were seen already: where many write at once, one write may take
 * longer than the next.
 */
class LateEvents {
  readonly #usageLog: UsageLog
  readonly #fromPosition: number
  /** Events seen of late, by id. */
  #seen = new Map<string, number>()

  /** None from before `fromPosition` is looked for. */
  constructor(usageLog: UsageLog, fromPosition: number) {
    this.#usageLog = usageLog
    this.#fromPosition = fromPosition
  }

  /** Those up to `position` that were not there when it was reached; `next` are those after it. */
  async before(position: number, next: readonly AppendedEvent[]): Promise<readonly AppendedEvent[]> {
    const { positionsBehind } = this.#usageLog.traits
    if (positionsBehind === 0) return []
    const late: AppendedEvent[] = []
    const newest = next.at(-1)?.position ?? position
    let after = Math.max(this.#fromPosition, position - positionsBehind)
    while (after < position) {
      const page = await this.#usageLog.appendedAfter(after, PAGE_EVENTS)
      for (const each of page) {
        if (each.position <= position && !this.#seen.has(each.event.id)) late.push(each)
      }
      if (page.length < PAGE_EVENTS) break
      after = page.at(-1)?.position ?? position
    }
    for (const each of [...late, ...next]) this.#seen.set(each.event.id, each.position)
    this.#seen = new Map([...this.#seen].filter(([, at]) => at > newest - 2 * positionsBehind))
    return late
  }
}

function matches(event: UsageEvent, { tenantId, keyId, routeId, statuses, parts }: TailFilter): boolean {
  if (parts === 'ends' && event.outcome === 'open' && event.count === 0) return false
  if (tenantId !== undefined && event.tenantId !== tenantId) return false
  if (keyId !== undefined && event.keyId !== keyId) return false
  if (routeId !== undefined && event.routeId !== routeId) return false
  return statuses === undefined || statusCounts(statuses, event.statusCode)
}

function byTime(one: UsageEvent, other: UsageEvent): number {
  return one.timestampMs - other.timestampMs || (one.id < other.id ? -1 : 1)
}
