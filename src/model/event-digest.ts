import { canonicalJson } from '../lib/canonical-json.ts'
import { type Digest, digestOf, quickDigestOf } from '../lib/digest.ts'
import type { UsageEvent } from './event.ts'

/** What stands for the id of an event, and for all that it holds. */
export interface EventDigest {
  readonly id: Digest
  readonly content: Digest
}

/** Equal for equal events; whatever field differs, the content differs. */
export function digestEvent(event: UsageEvent): EventDigest {
  return { id: quickDigestOf(event.id), content: digestOf(contentOf(event)) }
}

/** Whether two events hold the same in every field. */
export function isSameEvent(one: UsageEvent, other: UsageEvent): boolean {
  return contentOf(one) === contentOf(other)
}

// No field holds a tab (see `encodeEvent`), so different events have different texts.
function contentOf(event: UsageEvent): string {
  const who = `${event.tenantId}\t${event.keyId}\t${event.planId}\t${event.planVersion}\t${event.subscriptionId}`
  const what = `${event.apiId}\t${event.routeId}\t${event.method}\t${event.endpoint}`
  const how = `${event.statusCode}\t${event.outcome}\t${event.refusal}\t${event.billable}\t${event.responseTimeMs}`
  const sums = `${event.bytesSent}\t${event.bytesReceived}\t${event.usageUnits}\t${event.count}`
  const rest = `${recordText(event.quantities)}\t${recordText(event.dimensions)}\t${event.clientIp}\t${event.requestId}`
  const place = `${event.nodeId}\t${event.epoch}\t${event.seq}\t${event.source}`
  const leaks = event.leaks === undefined ? '' : `\t${recordText(event.leaks)}`
  return `${event.id}\t${event.timestampMs}\t${who}\t${what}\t${how}\t${sums}\t${rest}\t${place}${leaks}`
}

function recordText(record: Readonly<Record<string, string>>): string {
  for (const _ in record) return canonicalJson(record)
  return ''
}
