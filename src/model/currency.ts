import { assert } from '../lib/assert.ts'

/** Whether `code` is a currency of ISO 4217 that bills can be written in: one in use, with a smallest unit. */
export function isCurrency(code: string): boolean {
  return DIGITS.has(code)
}

/** All of them. */
export function currencies(): readonly string[] {
  return [...DIGITS.keys()]
}

/**
 * Digits after the point of an amount: the minor unit of ISO 4217.
 *
 * Not those of `Intl`: they say how people like to see a price, with no places in Iraq, where the law has three.
 */
export function currencyDigits(code: string): number {
  const digits = DIGITS.get(code)
  assert(digits !== undefined, 'a currency was checked on its way in')
  return digits
}

// List One of ISO 4217, as of 2026, without precious metals, bonds and codes for tests, which have no minor unit.
const BY_DIGITS = {
  0: 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF',
  2: `
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW
    CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR
    ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV
    MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD
    SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG`,
  3: 'BHD IQD JOD KWD LYD OMR TND',
  4: 'CLF UYW',
} as const

const DIGITS: ReadonlyMap<string, number> = new Map(
  Object.entries(BY_DIGITS).flatMap(([digits, codes]) =>
    codes
      .trim()
      .split(/\s+/)
      .map((code) => [code, Number(digits)] as const),
  ),
)
