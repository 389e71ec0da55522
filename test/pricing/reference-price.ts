/**
 * What a price costs, by another road than src/pricing: whole numbers of 10⁻⁶⁰, straight from the written price.
 *
 * Tiers are measured by how much of the quantity lies between their ends, percentages by running totals, and money is
 * rounded by looking at digits. Shares no code with what it checks.
 */
export function referenceAmount(price: WrittenPrice, usage: ReferenceUsage, digits: number): string {
  const before = usage.previous === null ? 0n : reached(price, scaled(usage.previous), null)
  const total = scaled(usage.quantity) + (usage.previous === null ? 0n : scaled(usage.previous))
  const soFar = reached(price, total, usage.events)
  const floor = scaled(price.minimum ?? '0')
  return rounded(soFar < floor ? floor : soFar, digits, rounded(before, digits, '0', 1n), -1n)
}

export interface ReferenceUsage {
  readonly quantity: string
  readonly previous: string | null
  readonly events: readonly string[] | null
}

export type WrittenPrice = Readonly<Record<string, any>>

const PLACES = 60
const ONE = 10n ** BigInt(PLACES)

function scaled(decimal: string): bigint {
  const [whole = '', fraction = ''] = decimal.split('.')
  return BigInt(whole + fraction.padEnd(PLACES, '0'))
}

/** The product of two scaled numbers: exact, since prices and quantities have 27 places together. */
function product(left: bigint, right: bigint): bigint {
  const both = left * right
  if (both % ONE !== 0n) throw new Error('the product needs more places')
  return both / ONE
}

/** All terms but the minimum. */
function reached(price: WrittenPrice, total: bigint, events: readonly string[] | null): bigint {
  const included = scaled(price.included ?? '0')
  const charged = total > included ? total - included : 0n
  const full =
    events === null || price.model !== 'percentage' ? ofQuantity(price, charged) : ofEvents(price, events)
  const reduced = full - product(full, scaled(price.discount ?? '0')) / 100n
  const most = price.maximum === undefined ? reduced : scaled(price.maximum)
  return reduced > most ? most : reduced
}

function ofQuantity(price: WrittenPrice, charged: bigint): bigint {
  switch (price.model) {
    case 'flat':
      return scaled(price.amount)
    case 'per_unit':
      return product(charged, scaled(price.unit))
    case 'package': {
      const size = scaled(price.size)
      const full = charged / size
      const begun = charged % size === 0n || price.rounding === 'down' ? 0n : 1n
      return (full + begun) * scaled(price.amount)
    }
    case 'percentage': {
      const free = scaled(price.free_amount ?? '0')
      return charged > free ? product(charged - free, scaled(price.rate)) / 100n : 0n
    }
    case 'volume':
    case 'stairstep': {
      const tier = price.tiers.find(({ up_to }: any) => up_to === null || charged <= scaled(up_to))
      return scaled(tier.flat ?? '0') + product(charged, scaled(tier.unit ?? '0'))
    }
    default:
      return graduated(price, charged)
  }
}

/** From the last tier down: what is above where it begins is its own. */
function graduated(price: WrittenPrice, charged: bigint): bigint {
  let [sum, rest] = [0n, charged]
  for (let index = price.tiers.length - 1; index >= 0; index -= 1) {
    const tier = price.tiers[index]
    const begin = index === 0 ? 0n : scaled(price.tiers[index - 1].up_to)
    const inside = rest > begin ? rest - begin : 0n
    const perUnit = product(inside, scaled(tier.unit ?? tier.rate ?? '0'))
    sum += price.model === 'graduated_percentage' ? perUnit / 100n : perUnit
    if (index === 0 || inside > 0n) sum += scaled(tier.flat ?? '0')
    rest -= inside
  }
  return sum
}

/** By running totals: which event is the first that is not free, and how much of it. */
function ofEvents(price: WrittenPrice, events: readonly string[]): bigint {
  const amounts = events.map(scaled)
  const free = price.free_amount === undefined ? null : scaled(price.free_amount)
  const nothingFree = free === null && price.free_events === undefined
  const byCount = nothingFree ? 0 : Math.min(amounts.length, price.free_events ?? amounts.length)
  const totals = amounts.map((_, index) => amounts.slice(0, index + 1).reduce((sum, each) => sum + each, 0n))
  const before = (index: number) => (index === 0 ? 0n : totals[index - 1]!)
  return amounts.reduce((sum, amount, index) => {
    const isOpen = index < byCount && (free === null || before(index) < free)
    if (isOpen && (free === null || totals[index]! <= free)) return sum
    const charged = isOpen && free !== null ? totals[index]! - free : amount
    let cost = product(charged, scaled(price.rate)) / 100n + scaled(price.fixed ?? '0')
    if (price.min !== undefined && cost < scaled(price.min)) cost = scaled(price.min)
    if (price.max !== undefined && cost > scaled(price.max)) cost = scaled(price.max)
    return sum + cost
  }, 0n)
}

/** `value` to so many digits, plus `sign` × an amount that has them already. */
function rounded(value: bigint, digits: number, other: string, sign: bigint): string {
  const text = value.toString().padStart(PLACES + 1, '0')
  const end = text.length - PLACES + digits
  const kept = BigInt(text.slice(0, end)) + (text.charAt(end) >= '5' ? 1n : 0n)
  const sum = kept + sign * BigInt(other.replace('.', ''))
  const size = (sum < 0n ? -sum : sum).toString().padStart(digits + 1, '0')
  const shown = digits === 0 ? size : `${size.slice(0, -digits)}.${size.slice(-digits)}`
  return sum < 0n ? `-${shown}` : shown
}
