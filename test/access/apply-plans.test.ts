import { describe, expect, test } from 'vitest'
import { applyPlans } from '../../src/access/apply-plans.ts'
import { createTenant } from '../../src/access/create-tenant.ts'
import { listPlans } from '../../src/access/list-plans.ts'
import { showPlan } from '../../src/access/show-plan.ts'
import { openFor, PLANS, plan, testStore } from '../support/control-store.ts'

const explicit = { actor: 'cli:test', mode: 'explicit' } as const
const start = { actor: 'gatez', mode: 'start' } as const
const [free, pro, open] = PLANS as [(typeof PLANS)[0], (typeof PLANS)[0], (typeof PLANS)[0]]
const dearer = plan({ id: 'free', name: 'Free', limits: [], keys: { max: 2, approval: 'auto' } })

describe('a file of plans is put in force', () => {
  test('each new plan gets its first version, in the order of the file', async () => {
    const access = await testStore()
    const applied = await applyPlans(access, { ...explicit, plans: [pro, free] })
    expect(applied).toEqual({
      stale: false,
      changed: true,
      plans: [
        { plan: 'pro', change: 'new', from_version: null, to_version: 1, fields: [] },
        { plan: 'free', change: 'new', from_version: null, to_version: 1, fields: [] },
      ],
      migrated: [],
    })
    expect((await listPlans(access)).map(({ id, version }) => [id, version])).toEqual([
      ['pro', 1],
      ['free', 1],
    ])
  })

  test('the same file twice makes no version, no audit row and wakes nobody', async () => {
    const access = await testStore()
    await applyPlans(access, { ...explicit, plans: PLANS })
    const sequence = await access.store.changes.latestSequence()
    const again = await applyPlans(access, { ...explicit, plans: structuredClone(PLANS) })
    expect(again.changed).toBe(false)
    expect(again.plans.every(({ change }) => change === 'unchanged')).toBe(true)
    expect(await access.store.plans.versions('free')).toHaveLength(1)
    expect(await access.store.changes.latestSequence()).toBe(sequence)
    expect(await access.store.audit.list({ subject: 'plans' })).toHaveLength(1)
  })

  test('only the plan that changed gets a version, and its fields are named', async () => {
    const access = await testStore()
    await applyPlans(access, { ...explicit, plans: PLANS })
    const applied = await applyPlans(access, { ...explicit, plans: [dearer, pro, open] })
    expect(applied.plans[0]).toEqual({
      plan: 'free',
      change: 'changed',
      from_version: 1,
      to_version: 2,
      fields: ['keys'],
    })
    expect(await access.store.plans.versions('pro')).toHaveLength(1)
    expect((await access.store.plans.find('free'))?.plan.keys.max).toBe(2)
  })

  test('another order of fields is no change, another order of plans no version', async () => {
    const access = await testStore()
    await applyPlans(access, { ...explicit, plans: [free, pro] })
    const reordered = Object.fromEntries(Object.entries(free).reverse()) as unknown as typeof free
    const applied = await applyPlans(access, { ...explicit, plans: [pro, reordered] })
    expect(applied.changed).toBe(false)
    expect((await listPlans(access)).map(({ id }) => id)).toEqual(['pro', 'free'])
  })

  test('who did it and what changed is written down, and every cache is told', async () => {
    const access = await testStore()
    await applyPlans(access, { ...explicit, plans: PLANS })
    const before = await access.store.changes.latestSequence()
    await applyPlans(access, { ...explicit, plans: [dearer, pro, open] })
    const [entry] = await access.store.audit.list({ subject: 'plans' })
    expect(entry).toMatchObject({ actor: 'cli:test', action: 'plans.applied' })
    expect(entry?.detail.plans).toMatchObject([{ plan: 'free', from_version: 1, to_version: 2 }])
    expect((await access.store.changes.after(before)).map(({ subject }) => subject)).toEqual(['plans'])
  })

  test('a dry run says the same and writes nothing', async () => {
    const access = await testStore()
    const dry = await applyPlans(access, { ...explicit, plans: PLANS, dryRun: true })
    expect(await listPlans(access)).toEqual([])
    expect(await access.store.audit.list({})).toEqual([])
    expect(await applyPlans(access, { ...explicit, plans: PLANS })).toEqual(dry)
  })
})

describe('a plan that left the file', () => {
  test('is withdrawn: no longer listed, still readable by version', async () => {
    const access = await testStore()
    await applyPlans(access, { ...explicit, plans: PLANS })
    const applied = await applyPlans(access, { ...explicit, plans: [free, pro] })
    expect(applied.plans.at(-1)).toEqual({
      plan: 'open',
      change: 'withdrawn',
      from_version: 1,
      to_version: null,
      fields: [],
    })
    await expect(showPlan(access, { planId: 'open' })).rejects.toMatchObject({ code: 'not-found' })
    expect((await access.store.plans.find('open', 1))?.plan.name).toBe('Open')
  })

  test('counts on from its last version when it comes back', async () => {
    const access = await testStore()
    await applyPlans(access, { ...explicit, plans: PLANS })
    await applyPlans(access, { ...explicit, plans: [free, pro] })
    const back = await applyPlans(access, { ...explicit, plans: PLANS })
    expect(back.plans.at(-1)).toMatchObject({ plan: 'open', change: 'new', to_version: 2 })
    expect((await showPlan(access, { planId: 'open' })).version).toBe(2)
  })

  test('cannot leave while it has subscribers, and nothing else of the file is applied', async () => {
    const access = await testStore()
    await applyPlans(access, { ...explicit, plans: PLANS })
    await createTenant(access, { id: 'acme', planId: 'open', actor: 'cli:test' })
    const refusal = { code: 'plan-in-use', message: expect.stringContaining('open (1 tenant)') }
    const plans = [dearer, pro]
    await expect(applyPlans(access, { ...explicit, plans, dryRun: true })).rejects.toMatchObject(refusal)
    await expect(applyPlans(access, { ...explicit, plans })).rejects.toMatchObject(refusal)
    expect(await access.store.plans.versions('free')).toHaveLength(1)
    expect((await listPlans(access)).map(({ id, subscribers }) => [id, subscribers])).toContainEqual([
      'open',
      1,
    ])
  })
})

describe('a node that starts', () => {
  test('applies a file that was never applied', async () => {
    const access = await testStore()
    expect(await applyPlans(access, { ...start, plans: PLANS })).toMatchObject({
      stale: false,
      changed: true,
    })
  })

  test('with an older file does nothing: it must not take a change back', async () => {
    const access = await testStore()
    await applyPlans(access, { ...explicit, plans: PLANS })
    await applyPlans(access, { ...explicit, plans: [dearer, pro, open] })
    expect(await applyPlans(access, { ...start, plans: PLANS })).toEqual({
      stale: true,
      changed: false,
      plans: [],
      migrated: [],
    })
    expect((await access.store.plans.find('free'))?.version).toBe(2)
  })

  test('follows the operator who went back to an older file by hand', async () => {
    const access = await testStore()
    await applyPlans(access, { ...explicit, plans: PLANS })
    await applyPlans(access, { ...explicit, plans: [dearer, pro, open] })
    await applyPlans(access, { ...explicit, plans: PLANS })
    expect((await access.store.plans.find('free'))?.version).toBe(3)
    expect(await applyPlans(access, { ...start, plans: PLANS })).toMatchObject({
      stale: false,
      changed: false,
    })
    const newer = await applyPlans(access, { ...start, plans: [dearer, pro, open] })
    expect(newer.stale).toBe(true)
  })
})

test('of two who apply the same file at once, one makes the versions', async () => {
  const access = await testStore()
  const other = { ...access, store: await openFor(access.folder, access.clock) }
  const both = await Promise.all([
    applyPlans(access, { ...explicit, plans: PLANS }),
    applyPlans(other, { ...explicit, plans: PLANS }),
  ])
  expect(both.map(({ changed }) => changed).toSorted()).toEqual([false, true])
  expect(await access.store.plans.versions('free')).toHaveLength(1)
})
