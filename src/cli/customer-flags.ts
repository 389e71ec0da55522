import * as Flags from '@oclif/core/flags'
import type { CustomerView, WrittenCustomer } from '../access/customer.ts'

/** The flags that say who invoices are for. */
export const CUSTOMER_FLAGS = {
  address: Flags.string({
    description: 'A line of the address on its invoices; give one for each line.',
    helpValue: 'LINE',
    multiple: true,
  }),
  'tax-id': Flags.string({ description: 'Its tax number, as it stands on invoices.', helpValue: 'TEXT' }),
  'tax-exempt': Flags.string({
    description: 'Charge it no tax, and say why on its invoices.',
    helpValue: 'REASON',
  }),
}

/** What these flags say. */
export function customerOfFlags(flags: CustomerFlags): WrittenCustomer {
  return { address: flags.address, taxId: flags['tax-id'], taxExempt: flags['tax-exempt'] }
}

/** What is known of a customer, as rows of name and value. */
export function customerRows(customer: CustomerView | null): readonly (readonly [string, string])[] {
  if (customer === null) return []
  const { address, tax_id: taxId, tax_exempt: taxExempt } = customer
  return [
    ...(address.length === 0 ? [] : [['address', address.join(', ')] as const]),
    ...(taxId === null ? [] : [['tax-id', taxId] as const]),
    ...(taxExempt === null ? [] : [['tax-exempt', taxExempt] as const]),
  ]
}

interface CustomerFlags {
  readonly address?: readonly string[] | undefined
  readonly 'tax-id'?: string | undefined
  readonly 'tax-exempt'?: string | undefined
}
