import { compare, formatExactly, isZero } from '../../model/rational.ts'
import type { LintedCharge } from './finding.ts'

/** Where a unit costs more than those before it, as sentences; what follows free units is no rise. */
export function findRises({ price, meter }: LintedCharge): readonly string[] {
  if (price.model !== 'graduated' && price.model !== 'volume') return []
  return price.tiers.flatMap((tier, index) => {
    const before = price.tiers[index - 1]
    if (before === undefined || isZero(before.unit) || compare(tier.unit, before.unit) <= 0) return []
    const costs = `${formatExactly(tier.unit)} each, which is more than ${formatExactly(before.unit)} in the tier before`
    return [`above ${before.upTo === null ? '' : formatExactly(before.upTo)} ${meter} cost ${costs}`]
  })
}
