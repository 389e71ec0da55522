import { onTestFinished } from 'vitest'
import { billableRule } from '../../src/billing/invoice/billable-rule.ts'
import { type InvoiceRun, type InvoicingParts, runInvoices } from '../../src/billing/invoice/run-invoices.ts'
import type { InvoiceConfig } from '../../src/config/invoice-config.ts'
import { ManualClock } from '../../src/lib/clock.ts'
import { DigestSum, digestOf } from '../../src/lib/digest.ts'
import type { Period } from '../../src/model/period.ts'
import type { ControlStore } from '../../src/storage/ports/control-store.ts'
import { BUCKET_MS, type Rollup } from '../../src/storage/ports/ledger.ts'
import { type BillingScene, billingStore } from './billing-scene.ts'
import { rollup } from './rollups.ts'

/** March and April 2026, UTC. */
export const MARCH_2026: Period = { startMs: Date.UTC(2026, 2, 1), endMs: Date.UTC(2026, 3, 1) }
export const APRIL_2026: Period = { startMs: Date.UTC(2026, 3, 1), endMs: Date.UTC(2026, 4, 1) }

/** No tax, no issuer, 14 days, reminders only. */
export const PLAIN_INVOICING: InvoiceConfig = {
  run: 'auto',
  closeAfterMs: 300_000,
  issuer: null,
  logo: null,
  font: null,
  tax: null,
  terms: { days: 14, text: null },
  dunning: [],
}

/** A store with usage, and what it takes to make invoices of it. */
export interface InvoiceScene extends InvoicingParts {
  readonly clock: ManualClock
  /** Takes more usage into the ledger, as the shipper would. */
  use(...rollups: readonly Partial<Rollup>[]): Promise<void>
  run(period?: Period, request?: { tenantId?: string; review?: boolean }): Promise<InvoiceRun>
  /** The lines of the invoices of a run, as `tenant number: what quantity amount`. */
  said(run: InvoiceRun): readonly string[]
}

/** That scene on 1 April 2026, 00:10 UTC. Disposed of when the test is over. */
export async function invoiceScene(
  scene: BillingScene & { readonly invoicing?: Partial<InvoiceConfig>; readonly billing?: object } = {},
): Promise<InvoiceScene> {
  const { rollups = [], invoicing = {}, billing = {}, ...rest } = scene
  const store = await billingStore(rest)
  onTestFinished(() => store[Symbol.asyncDispose]())
  const clock = new ManualClock(MARCH_2026.endMs + 600_000)
  const parts: InvoicingParts & { readonly clock: ManualClock } = {
    store,
    clock,
    billing: { currency: 'USD', timezone: 'UTC', period: 'month', ...billing },
    invoicing: { ...PLAIN_INVOICING, ...invoicing },
    billable: billableRule([]),
  }
  let seq = 0
  const use = async (...more: readonly Partial<Rollup>[]): Promise<void> => {
    for (const each of more) {
      seq += 1
      await applySealed(store, rollup(each), seq)
    }
  }
  await use(...rollups)
  const run: InvoiceScene['run'] = (period = MARCH_2026, { tenantId, review = false } = {}) =>
    runInvoices(parts, { period, tenantId, review, actor: 'cli:test' })
  return { ...parts, use, run, said: ({ made }) => made.flatMap(saidOf) }
}

function saidOf({ tenantId, number, content }: InvoiceRun['made'][number]): readonly string[] {
  return content.lines.map(({ description, quantity, amount }) => {
    return `${tenantId} ${number}: ${description} ${quantity} ${amount}`
  })
}

/** Applies one rollup with a seal over its events, on a run of its own. */
async function applySealed(store: ControlStore, entry: Rollup, seq: number): Promise<void> {
  const ids = new DigestSum()
  ids.add(digestOf(`event ${seq}`))
  const bucketMs = Math.floor(entry.bucketMs / BUCKET_MS) * BUCKET_MS
  await store.ledger.apply(
    [{ ...entry, bucketMs }],
    { nodeId: 'node-9', epoch: 1, afterSeq: seq - 1, throughSeq: seq },
    [
      {
        ...{ nodeId: 'node-9', epoch: 1, bucketMs, firstSeq: seq, lastSeq: seq },
        // What takes back is an event as well.
        ...{ events: Math.abs(entry.requests), requests: entry.requests },
        ...{ refused: 0, billable: entry.requests },
        ...{
          usageUnits: 0,
          bytesReceived: 0,
          bytesSent: 0,
          durationMs: 0,
          quantities: {},
          marks: '',
          meters: [],
        },
        ...{ ids: ids.text, contents: ids.text },
      },
    ],
  )
}
