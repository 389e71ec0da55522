import { type Digest, digestOf } from '../lib/digest.ts'
import { type Dimensions, dimensionsText } from './dimension.ts'
import { type Mark, markName } from './mark.ts'

/** Stands for one mark of one rollup: whatever of them differs, the digest differs. */
export function digestMark(of: MarkedRollup, mark: Mark): Digest {
  const who = `${of.tenantId}\n${of.keyId}\n${of.planId}\n${of.planVersion}\n${of.subscriptionId}`
  const what = `${of.apiId}\n${of.routeId}\n${of.statusClass}\n${of.billable}\n${dimensionsText(of.dimensions)}`
  const value = `${markName(mark)}\n${mark.atMs}\n${mark.eventId}\n${mark.quantity}`
  return digestOf(`${of.bucketMs}\n${who}\n${what}\n${value}`)
}

/** What tells a rollup from all others. */
export interface MarkedRollup {
  readonly bucketMs: number
  readonly tenantId: string
  readonly keyId: string
  readonly apiId: string
  readonly routeId: string
  readonly planId: string
  readonly planVersion: number
  readonly subscriptionId: string
  readonly statusClass: number
  readonly billable: boolean
  readonly dimensions: Dimensions
}
