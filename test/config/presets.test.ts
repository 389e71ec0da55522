import { expect, test } from 'vitest'
import { loadConfig } from '../../src/config/load-config.ts'
import { PRESETS, type Preset, planNamesProblem, presetPlans } from '../../src/config/presets.ts'
import { writeTemplate } from '../../src/config/write-template.ts'
import { templatesDir } from '../../src/lib/bundle.ts'
import { tempDir } from '../support/temp-dir.ts'

function plansOf(
  template: 'minimal' | 'production',
  preset: Preset | undefined,
  planNames?: readonly string[],
) {
  const folder = tempDir()
  writeTemplate({ templatesDir: templatesDir() }, { template, folder, answers: { preset, planNames } })
  return loadConfig(`${folder}/gatez.yaml`, {}).plans
}

const OFFERS = {
  'apikeys-guide': [
    { id: 'free', name: 'Free', limits: ['60 in 60000 ms', '1000 in 86400000 ms'] },
    { id: 'pro', name: 'Pro', limits: ['600 in 60000 ms', '50000 in 86400000 ms'] },
    { id: 'enterprise', name: 'Enterprise', limits: ['6000 in 60000 ms'] },
  ],
  top50: [
    { id: 'free', name: 'Free', limits: ['100 in 60000 ms'] },
    { id: 'basic', name: 'Basic', limits: ['1000 in 60000 ms'] },
    { id: 'premium', name: 'Premium', limits: ['10000 in 60000 ms'] },
  ],
}

test.each(
  PRESETS.flatMap((preset) => (['minimal', 'production'] as const).map((template) => ({ preset, template }))),
)('the preset $preset replaces the plans of $template by those it promises', ({ preset, template }) => {
  const plans = plansOf(template, preset).map(({ id, name, limits }) => {
    return { id, name, limits: limits.map(({ amount, windowMs }) => `${amount} in ${windowMs} ms`) }
  })
  expect(plans).toEqual(OFFERS[preset])
})

test('plans may have names of their own, whatever stands in them; ids are made of these', () => {
  const names = ['Très Grand', 'no', `\${HOME}: "x" # {y}`]
  const plans = plansOf('minimal', 'top50', names)
  expect(plans.map(({ id }) => id)).toEqual(['tres-grand', 'no', 'home-x-y'])
  expect(plans.map(({ name }) => name)).toEqual(names)
  expect(plansOf('minimal', undefined, ['Standard'])).toMatchObject([{ id: 'standard', name: 'Standard' }])
})

test.each([
  [['Free', 'Pro'], 'Give 3 names with commas between, such as Free, Basic, Premium.'],
  [['a', 'b', '大'], '"大" has no letter or digit of a-z, 0-9 in it.'],
  [['a b', 'A-B', 'c'], '"A-B" and a name before it give the same id.'],
])('%j are no names for three plans', (names, problem) => {
  expect(planNamesProblem('top50', names)).toBe(problem)
  expect(() => presetPlans('top50', names)).toThrow(expect.objectContaining({ code: 'invalid-parameter' }))
})
