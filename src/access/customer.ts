import { GatezError } from '../errors/gatez-error.ts'
import type { Customer } from '../model/tenant.ts'
import { checkedText } from './text.ts'

/** What is said of a customer now, with what was asked in place of it; undefined when nothing is left to say. */
export function customerWith(before: Customer | undefined, asked: WrittenCustomer): Customer | undefined {
  const { address = [], taxId = null, taxExempt = null } = before ?? {}
  const after: Customer = {
    address: asked.address === undefined ? address : linesOf(asked.address),
    taxId: asked.taxId === undefined ? taxId : checkedText('tax id', asked.taxId, TAX_ID_LENGTH_MAX),
    taxExempt:
      asked.taxExempt === undefined
        ? taxExempt
        : checkedText('tax exemption', asked.taxExempt, TAX_EXEMPT_LENGTH_MAX),
  }
  return isEmpty(after) ? undefined : after
}

/** The same without what is taken back, by the names in `CUSTOMER_FIELDS`. */
export function customerWithout(
  before: Customer | undefined,
  fields: readonly string[],
): Customer | undefined {
  if (before === undefined) return undefined
  const isGone = (field: (typeof CUSTOMER_FIELDS)[number]): boolean => fields.includes(field)
  const after: Customer = {
    address: isGone('address') ? [] : before.address,
    taxId: isGone('tax-id') ? null : before.taxId,
    taxExempt: isGone('tax-exempt') ? null : before.taxExempt,
  }
  return isEmpty(after) ? undefined : after
}

/** Shows who invoices are for; null when nothing is known. */
export function viewCustomer(customer: Customer | undefined): CustomerView | null {
  if (customer === undefined) return null
  const { address, taxId, taxExempt } = customer
  return { address, tax_id: taxId, tax_exempt: taxExempt }
}

/** Names of what can be taken back. */
export const CUSTOMER_FIELDS = ['address', 'tax-id', 'tax-exempt'] as const

/** What was written of a customer; what is not there stays as it was. */
export interface WrittenCustomer {
  /** In lines. */
  readonly address?: readonly string[] | undefined
  readonly taxId?: string | undefined
  readonly taxExempt?: string | undefined
}

/** Who invoices are for; the names are stable. */
export interface CustomerView {
  readonly address: readonly string[]
  readonly tax_id: string | null
  readonly tax_exempt: string | null
}

/** As many lines, as long, as the issuer may have. */
const LINES_MAX = 8
const LINE_LENGTH_MAX = 120
const TAX_ID_LENGTH_MAX = 60
const TAX_EXEMPT_LENGTH_MAX = 120

function linesOf(address: readonly string[]): readonly string[] {
  if (address.length > LINES_MAX) {
    const detail = `address has ${address.length} lines; at most ${LINES_MAX} are kept.`
    throw new GatezError('invalid-parameter', detail)
  }
  return address.map((line) => checkedText('address', line, LINE_LENGTH_MAX))
}

function isEmpty({ address, taxId, taxExempt }: Customer): boolean {
  return address.length === 0 && taxId === null && taxExempt === null
}
