import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { parseConfig } from '../../src/config/load-config.ts'
import { parseQuotes } from '../../src/config/parse-quotes.ts'
import { GatezError } from '../../src/errors/gatez-error.ts'
import { monthlyValue } from '../../src/pricing/monthly-value.ts'
import { readPrice } from '../../src/pricing/read-price.ts'
import { SMALL_CONFIG } from '../support/config-text.ts'

const ROOT = join(import.meta.dirname, '../..')

describe('each part of a file, wrong or gone: the file is refused with its problems, or it can be billed', () => {
  test.for(['minimal', 'dataforge', 'llm', 'production'])('in the template %s', (name) => {
    const file = join(ROOT, 'templates', name, 'gatez.yaml')
    const data = parse(readFileSync(file, 'utf8'))
    expect(wrongParts(data, () => outcomeOf(data, file))).toEqual(new Set(['good', 'refused']))
  })

  test('in a plan with each kind of limit and a price of each model', () => {
    const examples = join(ROOT, 'test/golden/price-examples.yaml')
    const { requests } = parseQuotes(readFileSync(examples, 'utf8'), examples)
    const limits = [
      { requests: 10, per: 'second' },
      { units: 10, per: 'minute', scope: ['key'] },
      { concurrent: 4, id: 'flights' },
    ]
    // What is priced by single events is not yet for a plan.
    const sums = requests.filter(({ events }) => events === null)
    const charges = sums.map(({ price }, index) => {
      return { id: `charge-${index}`, ...(price.model !== 'flat' && { meter: 'calls' }), price }
    })
    const plan = { id: 'pro', routes: 'all', limits, charges }
    const outcome = () => outcomeOf({ ...parse(SMALL_CONFIG), plans: [plan] }, 'gatez.yaml')
    expect(outcome()).toBe('good')
    expect(wrongParts(plan, outcome)).toEqual(new Set(['good', 'refused']))
  })
})

type Outcome = 'good' | 'refused'

/** All outcomes with one part of `data` at a time replaced by each wrong value, or taken away. */
function wrongParts(data: object, outcome: () => Outcome): ReadonlySet<Outcome> {
  const outcomes = new Set<Outcome>()
  for (const [name, value] of Object.entries(data)) {
    for (const wrong of [{}, [], null, '', 'x', -1, [{}], [null], { x: 1 }, undefined]) {
      Reflect.set(data, name, wrong)
      outcomes.add(outcome())
    }
    Reflect.set(data, name, value)
    if (typeof value !== 'object' || value === null) continue
    for (const each of wrongParts(value, outcome)) outcomes.add(each)
  }
  return outcomes
}

function outcomeOf(data: unknown, file: string): Outcome {
  const text = JSON.stringify(data)
  try {
    for (const plan of parseConfig(text, { file, env: {} }).plans) {
      monthlyValue(plan, 'month')
      for (const { price } of plan.charges) readPrice(price)
    }
    return 'good'
  } catch (error) {
    if (!(error instanceof GatezError) || error.code !== 'config-invalid') {
      throw new Error(`it crashed: ${text}`, { cause: error })
    }
    expect(error.extra.problems).not.toHaveLength(0)
    return 'refused'
  }
}
