import { GatezError } from '../../errors/gatez-error.ts'
import type { Invoice } from '../../model/invoice.ts'
import type { ControlTables } from '../../storage/ports/control-store.ts'

/** The invoice with this number or id; throws `not-found`. */
export async function findInvoice(
  { invoices }: Pick<ControlTables, 'invoices'>,
  idOrNumber: string,
): Promise<Invoice> {
  const found = (await invoices.find(idOrNumber)) ?? (await invoices.find(idOrNumber.toUpperCase()))
  if (found !== undefined) return found
  throw new GatezError(
    'not-found',
    `No invoice is called ${JSON.stringify(idOrNumber)}: gatez invoices list shows all.`,
  )
}
