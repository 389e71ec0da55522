import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { currencyDigits } from '../../src/model/currency.ts'
import { quote } from '../../src/pricing/quote.ts'
import { MODEL_NAMES, pricedUsage } from './random-prices.ts'

const CASES = 100_000
/** Other cases each time; GATEZ_PRICE_SEED=… makes the ones of a failed run again. */
const SEED = Number(process.env.GATEZ_PRICE_SEED ?? Date.now() % 2 ** 31)

test(`Python's fractions come to the same amount in ${CASES} random cases`, {
  timeout: 120_000,
}, async () => {
  const cases = fc
    .sample(fc.tuple(pricedUsage, fc.constantFrom('USD', 'JPY', 'KWD', 'CLF')), {
      numRuns: CASES,
      seed: SEED,
    })
    .map(([{ price, usage }, currency]) => ({ price, ...usage, currency, digits: currencyDigits(currency) }))

  // Python calculates while we do.
  const asked = oracleAmounts(cases.map((each) => JSON.stringify(each)))
  const amounts = cases.map(({ price, quantity, previous, events, currency }) => {
    const place = { id: 'random', note: null, expect: null, currency, price }
    return quote({ ...place, quantity, previousQuantity: previous, events }).amount
  })
  const answers = await asked
  const wrong = cases.flatMap((each, index) =>
    amounts[index] === answers[index] ? [] : [{ ...each, ours: amounts[index], oracle: answers[index] }],
  )
  expect(wrong.slice(0, 3), `seed ${SEED}`).toEqual([])
  expect([...new Set(cases.map(({ price }) => price.model))].sort()).toEqual([...MODEL_NAMES].sort())
})

/** What Python says of each, one a line. */
async function oracleAmounts(lines: readonly string[]): Promise<readonly string[]> {
  const oracle = spawn('python3', [join(import.meta.dirname, 'oracle.py')])
  oracle.stdin.end(lines.join('\n'))
  const [said, complaints, [status]] = await Promise.all([
    text(oracle.stdout),
    text(oracle.stderr),
    once(oracle, 'exit'),
  ])
  expect(status, complaints).toBe(0)
  const amounts = said.trimEnd().split('\n')
  expect(amounts).toHaveLength(lines.length)
  return amounts
}
