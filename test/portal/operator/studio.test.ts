import { expect, test } from 'vitest'
import { viewPlan } from '../../../src/access/plan-view.ts'
import { parseConfig } from '../../../src/config/load-config.ts'
import { plansYaml } from '../../../src/portal/operator/plans-yaml.ts'
import { filePlanOf, withPrice } from '../../../src/portal/operator/studio-plans.ts'
import {
  isWhole,
  numbersOf,
  withNumber,
  withoutTier,
  withTierMore,
  withTierNumber,
} from '../../../src/portal/operator/studio-price.ts'
import { changed } from '../../support/config-text.ts'

const OTHER_PLANS = `  - id: bare
    name: Bare
    routes: all
    keys: { max: null, approval: auto }
    on_store_failure: closed
    limits: [{ concurrent: 5 }, { units: 30, per: 10m, scope: key }, { id: own, requests: null, per: day }]
    quotas: [{ meter: calls, per: week, included: "10.5", on_exceed: { upgrade: pro } }]
    charges:
      - { id: fee, per: year, price: { model: flat, amount: "120.10" } }
      - { id: calls, meter: calls, price: { model: graduated, tiers: [{ up_to: "10", unit: "0" }, { up_to: null, unit: "0.10", flat: "1" }] } }
  - id: pro
`
const TEXT = changed('  - id: pro\n', OTHER_PLANS)
const place = { file: 'gatez.yaml', env: {} }

function inForce(text: string) {
  const { plans } = parseConfig(text, place)
  return plans.map((plan) => filePlanOf(viewPlan({ plan, version: 1, hash: '', createdAtMs: 0 }, 0)))
}

test('what the studio exports is what is in force, read back from the file', () => {
  const { plans } = parseConfig(TEXT, place)
  const exported = TEXT.replace(/^plans:\n[\s\S]*/m, () => plansYaml(inForce(TEXT)))
  expect(exported).not.toBe(TEXT)
  expect(parseConfig(exported, place).plans).toEqual(plans)
})

test('a price that is moved is in the file with all its digits, and in no other plan', () => {
  const before = inForce(TEXT)
  const bare = before.find(({ id }) => id === 'bare')!
  const charge = bare.charges.find(({ id }) => id === 'calls')!
  const price = withTierNumber(withTierMore(charge.price), 1, ['unit', '0.0500'])
  const after = withPrice(before, { plan: 'bare', charge: 'calls' }, price)
  expect(after.filter(({ id }) => id !== 'bare')).toEqual(before.filter(({ id }) => id !== 'bare'))
  const exported = TEXT.replace(/^plans:\n[\s\S]*/m, () => plansYaml(after))
  const read = parseConfig(exported, place).plans.find(({ id }) => id === 'bare')!
  expect(read.charges.at(-1)?.price.tiers).toEqual([
    { up_to: '10', unit: '0' },
    { up_to: '20', unit: '0.0500', flat: '1' },
    { up_to: null, unit: '0.10', flat: '1' },
  ])
  expect(withoutTier(price, 1)).toEqual(charge.price)
})

test('a number that is not whole is told, and an emptied one is taken out', () => {
  const [charge] = inForce(TEXT).find(({ id }) => id === 'pro')!.charges
  expect(numbersOf(charge!)).toEqual([['amount', '49.00']])
  expect(isWhole(withNumber(charge!.price, 'amount', '4x'))).toBe(false)
  expect(isWhole(charge!.price)).toBe(true)
  expect(withNumber({ model: 'per_unit', unit: '1', included: '5' }, 'included', '')).toEqual({
    model: 'per_unit',
    unit: '1',
  })
})
