import { isoTime } from '../lib/iso-time.ts'
import type { AuditEntry, AuditStore } from '../storage/ports/audit.ts'
import { ALONE_ACTION } from './alone-log.ts'

/** Calls of a tenant that were decided while the shared counters were out of reach; names are stable. */
export interface DegradedCalls {
  readonly from: string
  readonly to: string
  readonly tenant_id: string
  /** What its plan said: `local`, `closed` or `open`. */
  readonly mode: string
  readonly admitted: number
  readonly refused: number
  readonly node_id: string
}

export interface DegradedList {
  /** Newest first. */
  readonly rows: readonly DegradedCalls[]
}

/** Lists which calls were decided without the shared counters, and how: the newest first. */
export async function listDegraded(
  { audit }: { readonly audit: AuditStore },
  { tenantId, limit }: { readonly tenantId?: string | undefined; readonly limit: number },
): Promise<DegradedList> {
  const subject = tenantId === undefined ? undefined : `tenant:${tenantId}`
  const entries = await audit.list({ action: ALONE_ACTION, subject, limit })
  return { rows: entries.map(viewEntry) }
}

function viewEntry({ subject, detail }: AuditEntry): DegradedCalls {
  return {
    from: isoTime(Number(detail.fromMs)),
    to: isoTime(Number(detail.toMs)),
    tenant_id: subject.slice('tenant:'.length),
    mode: String(detail.mode),
    admitted: Number(detail.admitted),
    refused: Number(detail.refused),
    node_id: String(detail.nodeId),
  }
}
