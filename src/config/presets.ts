import { GatezError } from '../errors/gatez-error.ts'

/** Sets of plans that `gatez init` can write in place of those of a template. */
export const PRESETS = ['apikeys-guide', 'top50'] as const

export type Preset = (typeof PRESETS)[number]

/** The plans of a preset by name, smallest first; of `undefined` the one plan a template begins with. */
export function presetNames(preset: Preset | undefined): readonly string[] {
  return PLANS[preset ?? 'one'].map(({ name }) => name)
}

/** The ids of the plans of a preset, when they are called so; smallest first. */
export function presetPlanIds(preset: Preset | undefined, names = presetNames(preset)): readonly string[] {
  return names.map(planId)
}

/**
 * The end of a `gatez.yaml`, from `plans:` on.
 *
 * `names` are what people call the plans, as many as the preset has; ids are made of them. Throws
 * `invalid-parameter` when names are missing, or when two of them give the same id or none.
 */
export function presetPlans(
  preset: Preset | undefined,
  names: readonly string[] = presetNames(preset),
): string {
  const problem = planNamesProblem(preset, names)
  if (problem !== undefined) throw new GatezError('invalid-parameter', problem)
  const plans = PLANS[preset ?? 'one'].map(({ limits, note }, index) => {
    const name = names[index] ?? ''
    return [
      `  - id: ${planId(name)}`,
      `    name: ${quoted(name)}`,
      '    routes: all',
      `    limits: [${limits.map((limit) => `{ ${limit} }`).join(', ')}]${note}`,
    ].join('\n')
  })
  return `plans:\n${plans.join('\n\n')}\n`
}

/** What is wrong with names for the plans of a preset, as a sentence; undefined when they will do. */
export function planNamesProblem(preset: Preset | undefined, names: readonly string[]): string | undefined {
  const wanted = PLANS[preset ?? 'one'].length
  if (names.length !== wanted) {
    const count = wanted === 1 ? 'one name' : `${wanted} names with commas between`
    return `Give ${count}, such as ${presetNames(preset).join(', ')}.`
  }
  const ids = names.map(planId)
  const nameless = names.find((_, index) => ids[index] === '')
  if (nameless !== undefined) return `${JSON.stringify(nameless)} has no letter or digit of a-z, 0-9 in it.`
  const twin = names.find((_, index) => ids.indexOf(ids[index] ?? '') !== index)
  return twin === undefined ? undefined : `${JSON.stringify(twin)} and a name before it give the same id.`
}

/** The id of a plan with this name: `Très Grand` → `tres-grand`. Empty when nothing of it can be kept. */
function planId(name: string): string {
  return name
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 64)
}

/** A text in quotes that YAML and the substitution of variables leave as it is. */
function quoted(text: string): string {
  const plain = /^[A-Za-z][A-Za-z0-9]*$/.test(text) && !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(text)
  return plain ? text : JSON.stringify(text.replaceAll('${', () => '$${'))
}

interface PresetPlan {
  readonly name: string
  readonly limits: readonly string[]
  /** A comment behind the limits; empty if there is none. */
  readonly note: string
}

const PLANS: Readonly<Record<Preset | 'one', readonly PresetPlan[]>> = {
  one: [{ name: 'Default', limits: ['requests: 60, per: minute'], note: '' }],
  'apikeys-guide': [
    { name: 'Free', limits: ['requests: 60, per: minute', 'requests: 1000, per: day'], note: '' },
    { name: 'Pro', limits: ['requests: 600, per: minute', 'requests: 50000, per: day'], note: '' },
    {
      name: 'Enterprise',
      limits: ['requests: 6000, per: minute'],
      note: ' # and as many a day as they like',
    },
  ],
  top50: [
    { name: 'Free', limits: ['requests: 100, per: minute'], note: ' # in any 60 seconds' },
    { name: 'Basic', limits: ['requests: 1000, per: minute'], note: '' },
    { name: 'Premium', limits: ['requests: 10000, per: minute'], note: '' },
  ],
}
