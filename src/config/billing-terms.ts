import { GatezError } from '../errors/gatez-error.ts'
import type { BillingConfig } from './config.ts'

/** Refuses to compare amounts of two currencies; `file` is where the other one stands. */
export function refuseOtherCurrency(billing: BillingConfig, other: BillingConfig, file: string): void {
  if (billing.currency === other.currency) return
  const detail = `${file} bills in ${other.currency}, this installation in ${billing.currency}: amounts cannot be compared.`
  throw new GatezError('invalid-parameter', detail)
}
