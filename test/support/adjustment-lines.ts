import { expect } from 'vitest'
import { previewInvoice } from '../../src/billing/invoice/preview-invoice.ts'
import type { InvoiceLine } from '../../src/model/invoice.ts'
import type { Period } from '../../src/model/period.ts'
import { checkInvoices } from '../../src/reconcile/check-invoices.ts'
import { type InvoiceScene, MARCH_2026 } from './invoice-scene.ts'

const DAY_MS = 86_400_000

/**
 * What the invoices of a period adjust, which are made by it. That of the first tenant says what its preview said the day
 * before the period ended, and reconcile agrees with all that invoices say of March.
 */
export async function adjustmentLines(scene: InvoiceScene, period: Period): Promise<readonly InvoiceLine[]> {
  scene.clock.set(period.endMs - DAY_MS)
  const preview = await previewInvoice(scene, 'acme')
  scene.clock.set(period.endMs + 600_000)
  const { made } = await scene.run(period)
  expect(made[0]?.content.lines).toEqual(preview.content.lines)
  const found = await checkInvoices(scene.store, { span: MARCH_2026, billing: scene.billing })
  expect(found).toMatchObject({ waiting: 0, differences: [] })
  return made.flatMap(({ content }) => content.lines).filter(({ kind }) => kind === 'adjustment')
}
