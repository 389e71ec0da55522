import { checkPrice, modelFields } from './check-price.ts'
import type { Cursor } from './cursor.ts'

/** Checks a charge of a plan: its price, and that the ledger has what it prices. */
export function checkCharge(charge: Cursor): void {
  const [price, meter] = [charge.field('price'), charge.field('meter')]
  const model = price.field('model').text ?? ''
  const per = charge.field('per')
  if (per.value !== undefined && meter.value !== undefined) {
    per.refuseKey('is for fees, which have no meter: usage is billed with its billing period')
  }
  checkPrice(price)
  checkLedgerPrice(price)
  if (meter.value === undefined && model !== 'flat' && modelFields(model) !== undefined) {
    charge.refuse(
      `lacks the field meter: only a price of model flat is a fee, ${model} prices what a meter counts`,
    )
  }
}

/** The ledger keeps sums, so what depends on single events cannot be billed from it. */
export function checkLedgerPrice(price: Cursor): void {
  if (price.field('model').text !== 'percentage') return
  for (const name of ['fixed', 'free_events', 'min', 'max']) {
    const field = price.field(name)
    if (field.value === undefined) continue
    field.refuseKey(
      `${name} is about single events, of which the ledger keeps the sum: a plan cannot bill it yet (gatez pricing quote can)`,
    )
  }
}
