import { isDecimal, money, quantity } from './figures.ts'

/** A limit in a few words. */
export function limitText({ amount, per, scope, counts }: PlanLimit): string {
  const what = counts === 'units' ? 'units' : counts === 'concurrent' ? 'calls at once' : 'calls'
  const many = amount === null ? `Any number of ${what}` : `${quantity(amount)} ${what}`
  const each = scope === 'key' ? ', each key' : scope === 'route' ? ', each route' : ''
  return counts === 'concurrent' ? `${many}${each}` : `${many} a ${per}${each}`
}

/** A quota in a few words. */
export function quotaText({ included, meter, per, on_exceed: then }: PlanQuota): string {
  const after =
    then === 'bill'
      ? 'more is billed'
      : then === 'block'
        ? 'then no more'
        : then === 'notify'
          ? 'more is told'
          : then
  return `${quantity(included)} ${meter} a ${per} included, ${after}`
}

/** What a charge costs, in a few words; the exact rule is the price of the plan. */
export function chargeText({ id, meter, price }: PlanCharge, currency: string): string {
  const fields = new Map(Object.entries(price))
  const amount = (name: string): string => amountText(fields.get(name), currency)
  const one = meter === null ? id : singular(meter)
  switch (fields.get('model')) {
    case 'flat':
      return `${amount('amount')} a period${meter === null ? '' : ` for ${meter}`}`
    case 'per_unit':
      return `${amount('unit')} a ${one}`
    case 'package':
      return `${amount('amount')} for each ${text(fields.get('size'))} ${meter ?? id}`
    case 'percentage':
      return `${text(fields.get('rate'))} % of ${meter ?? id}`
    default:
      return tiersText(fields.get('tiers'), { one, many: meter ?? id, currency })
  }
}

/** As `planSchema` of the API has them. */
export interface PlanLimit {
  readonly amount: number | null
  readonly per: string
  readonly scope: string
  readonly counts: string
}

export interface PlanQuota {
  readonly included: string
  readonly meter: string
  readonly per: string
  readonly on_exceed: string
}

export interface PlanCharge {
  readonly id: string
  readonly meter: string | null
  readonly price: object
}

interface Counted {
  readonly one: string
  readonly many: string
  readonly currency: string
}

/** Where each tier ends, and what one more costs in it. */
function tiersText(tiers: unknown, { one, many, currency }: Counted): string {
  if (!Array.isArray(tiers)) return `priced by ${many}`
  const parts = tiers.map((tier: unknown) => {
    const fields = new Map(Object.entries(typeof tier === 'object' && tier !== null ? tier : {}))
    const unit =
      fields.get('unit') === '0'
        ? 'free'
        : `${amountText(fields.get('unit') ?? fields.get('flat'), currency)} a ${one}`
    const end = fields.get('up_to')
    return typeof end === 'string' ? `${unit} up to ${quantity(end)}` : `then ${unit}`
  })
  return parts.join(', ')
}

function amountText(value: unknown, currency: string): string {
  return typeof value === 'string' && isDecimal(value) ? money(value, currency) : '–'
}

function text(value: unknown): string {
  return typeof value === 'string' ? (isDecimal(value) ? quantity(value) : value) : '–'
}

function singular(meter: string): string {
  return meter.endsWith('s') ? meter.slice(0, -1) : meter
}
