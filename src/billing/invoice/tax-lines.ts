import type { TaxRate, TaxRules } from '../../config/invoice-config.ts'
import { currencyDigits } from '../../model/currency.ts'
import type { InvoiceTax } from '../../model/invoice.ts'
import { formatMinor, toMinor } from '../../model/money.ts'
import { exactly, over, plus, type Rational, rational, sumOf, times } from '../../model/rational.ts'

/**
 * The taxes on the lines of an invoice, one for each rate: on the exact sum of its lines, rounded once.
 *
 * Exclusive tax comes on top. Inclusive tax is the part of the prices that is tax: of 119 at 19 % it is 19.
 */
export function taxLines(lines: readonly TaxedLine[], rules: TaxRules | null, currency: string): Taxes {
  if (rules === null) return { taxes: [], taxMinor: 0n }
  const taxes = rules.rates.map((rate) => {
    const taxed = lines.filter((line) => isOn(rate, line))
    const amounts = taxed.map((line) => amountOf(line, currency))
    const part = exactly(rate.rate)
    const exact = sumOf(
      taxed.map((line) => {
        const amount = amountOf(line, currency)
        const whole = rules.mode === 'exclusive' ? HUNDRED : plus(HUNDRED, ratesOn(rules, line))
        return over(times(amount, part), whole)
      }),
    )
    const minor = toMinor(exact, currency)
    const gross = toMinor(sumOf(amounts), currency)
    const net = rules.mode === 'exclusive' ? gross : gross - minor
    return {
      minor,
      tax: {
        id: rate.id,
        name: rate.name,
        rate: rate.rate,
        ...(rate.charges !== null && { charges: rate.charges }),
        net: formatMinor(net, currency),
        amount: formatMinor(minor, currency),
      },
    }
  })
  return {
    taxes: taxes.map(({ tax }) => tax),
    taxMinor: taxes.reduce((sum, { minor }) => sum + minor, 0n),
  }
}

export interface TaxedLine {
  readonly chargeId: string
  readonly minor: bigint
}

export interface Taxes {
  readonly taxes: readonly InvoiceTax[]
  readonly taxMinor: bigint
}

const HUNDRED = rational(100n)

function isOn({ charges }: TaxRate, { chargeId }: TaxedLine): boolean {
  return charges === null || charges.includes(chargeId)
}

function ratesOn({ rates }: TaxRules, line: TaxedLine): Rational {
  return sumOf(rates.filter((rate) => isOn(rate, line)).map(({ rate }) => exactly(rate)))
}

function amountOf({ minor }: TaxedLine, currency: string): Rational {
  return rational(minor, 10n ** BigInt(currencyDigits(currency)))
}
