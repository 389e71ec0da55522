import { z } from '@hono/zod-openapi'
import type { WrittenCustomer } from '../../access/customer.ts'
import { words } from '../schemas.ts'

/** What invoices say of a customer, as it is sent. */
export const writtenCustomer = z
  .object({
    address: z.array(words(200)).max(20).optional(),
    tax_id: words(200).optional(),
    tax_exempt: words(200).optional().openapi({ description: 'Why no tax is charged, in words.' }),
  })
  .optional()

/** As it is sent, in our words. */
export function customerFrom(sent: z.infer<typeof writtenCustomer>): WrittenCustomer | undefined {
  if (sent === undefined) return undefined
  const { address, tax_id: taxId, tax_exempt: taxExempt } = sent
  return { address, taxId, taxExempt }
}
