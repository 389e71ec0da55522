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
  const parts = [
    event.id,
    event.timestampMs,
    event.tenantId,
    event.keyId,
    event.planId,
    event.planVersion,
    event.subscriptionId,
    event.apiId,
    event.routeId,
    event.method,
    event.endpoint,
    event.statusCode,
    event.outcome,
    event.refusal,
    event.billable,
    event.responseTimeMs,
    event.bytesSent,
    event.bytesReceived,
    event.usageUnits,
    event.count,
    recordText(event.quantities),
    recordText(event.dimensions),
    event.clientIp,
    event.requestId,
    event.nodeId,
    event.epoch,
    event.seq,
    event.source,
  ]
  if (event.leaks !== undefined) parts.push(recordText(event.leaks))
  return parts.join('\t')
}

function recordText(record: Readonly<Record<string, string>>): string {
  for (const _ in record) return canonicalJson(record)
  return ''
}
