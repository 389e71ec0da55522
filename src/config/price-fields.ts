/** The fields a price of each model has beside `model`, and what stands in them. */
export const PRICE_MODELS: Readonly<Record<string, PriceFields>> = {
  per_unit: { unit: need('price') },
  package: { size: need('size'), amount: need('price'), rounding: may('rounding') },
  graduated: { tiers: need('tiers') },
  tiered: { tiers: need('tiers') },
  volume: { tiers: need('tiers') },
  stairstep: { tiers: need('tiers') },
  flat: { amount: need('price') },
  percentage: {
    rate: need('rate'),
    fixed: may('price'),
    free_events: may('count'),
    free_amount: may('size'),
    min: may('price'),
    max: may('price'),
  },
  graduated_percentage: { tiers: need('tiers') },
}

/** The fields any price may have. */
export const PRICE_TERMS: PriceFields = {
  included: may('quantity'),
  minimum: may('price'),
  maximum: may('price'),
  discount: may('percent'),
}

/** The fields of a tier, by the model of its price. */
export const TIER_FIELDS: Readonly<Record<string, PriceFields>> = {
  graduated: { up_to: need('up_to'), unit: may('price'), flat: may('price') },
  tiered: { up_to: need('up_to'), unit: may('price'), flat: may('price') },
  volume: { up_to: need('up_to'), unit: may('price'), flat: may('price') },
  stairstep: { up_to: need('up_to'), flat: need('price') },
  graduated_percentage: { up_to: need('up_to'), rate: may('rate'), flat: may('price') },
}

/** Which fields there are: name → what it is. */
export type PriceFields = Readonly<Record<string, PriceField>>

export interface PriceField {
  readonly kind: PriceFieldKind
  readonly needed: boolean
}

/**
 * `price` has 12 places, `quantity` 15, `size` is a quantity above 0, `rate` a percentage and `percent` one of at
 * most 100, `up_to` a quantity or null.
 */
export type PriceFieldKind =
  | 'price'
  | 'quantity'
  | 'size'
  | 'rate'
  | 'percent'
  | 'count'
  | 'rounding'
  | 'tiers'
  | 'up_to'

function need(kind: PriceFieldKind): PriceField {
  return { kind, needed: true }
}

function may(kind: PriceFieldKind): PriceField {
  return { kind, needed: false }
}
