import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { approveKeys } from '../../src/access/approve-keys.ts'
import { createKey } from '../../src/access/create-key.ts'
import { createTenant } from '../../src/access/create-tenant.ts'
import { requestKey } from '../../src/access/request-key.ts'
import { revealKeys } from '../../src/access/reveal-keys.ts'
import { revokeKeys } from '../../src/access/revoke-keys.ts'
import { openFor, putPlans, testStore } from '../support/control-store.ts'

const actor = 'cli:ann'

async function connections(count: number) {
  const first = await testStore()
  await putPlans(first.store)
  for (const id of ['free', 'pro']) await createTenant(first, { actor, id, planId: id })
  const stores = [first.store]
  while (stores.length < count) stores.push(await openFor(first.folder, first.clock))
  return stores.map((store) => ({ ...first, store }))
}

/** How many of `outcomes` went well; all others must be the refusal `code`. */
function winners(outcomes: readonly PromiseSettledResult<unknown>[], code: string): number {
  const lost = outcomes.filter((outcome) => outcome.status === 'rejected')
  for (const { reason } of lost) expect(reason).toMatchObject({ code })
  return outcomes.length - lost.length
}

test.each([
  { tenant: 'free', max: 1 },
  { tenant: 'pro', max: 5 },
])('of 20 keys made at once over four connections, $tenant gets $max', async ({ tenant, max }) => {
  const desks = await connections(4)
  const outcomes = await Promise.allSettled(
    Array.from({ length: 20 }, (_, index) => createKey(desks[index % 4]!, { actor, tenant, mode: 'live' })),
  )
  expect(winners(outcomes, 'key-limit-reached')).toBe(max)
  expect(await desks[0]!.store.keys.countHeld(tenant)).toBe(max)
})

test('of 20 requests at once on a plan with one key and automatic approval, one is granted', async () => {
  const desks = await connections(4)
  const outcomes = await Promise.allSettled(
    Array.from({ length: 20 }, (_, index) =>
      requestKey(desks[index % 4]!, { actor, tenant: 'free', mode: 'live' }),
    ),
  )
  expect(winners(outcomes, 'key-limit-reached')).toBe(1)
})

test('of 20 requests approved at once, as many pass as the plan allows', async () => {
  const desks = await connections(4)
  const asked = []
  for (let count = 0; count < 20; count += 1) {
    asked.push((await requestKey(desks[0]!, { actor, tenant: 'pro', mode: 'live' })).id)
  }
  const outcomes = await Promise.allSettled(
    asked.map((id, index) => approveKeys(desks[index % 4]!, { actor, keyIds: [id] })),
  )
  expect(winners(outcomes, 'key-limit-reached')).toBe(5)
})

test('of many who reveal one key at once, one sees the secret', async () => {
  const desks = await connections(4)
  const { id } = await requestKey(desks[0]!, { actor, tenant: 'free', mode: 'live' })
  const outcomes = await Promise.allSettled(
    Array.from({ length: 12 }, (_, index) => revealKeys(desks[index % 4]!, { actor, keyIds: [id] })),
  )
  expect(winners(outcomes, 'already-revealed')).toBe(1)
})

test('a secret is in no file of the data folder: after create, reveal and revoke', async () => {
  const [desk] = await connections(1)
  const made = await createKey(desk!, { actor, tenant: 'pro', mode: 'live' })
  const { id } = await requestKey(desk!, { actor, tenant: 'free', mode: 'live' })
  const [revealed] = await revealKeys(desk!, { actor, keyIds: [id] })
  await revokeKeys(desk!, { actor, keyIds: [made.id, id], reason: 'over' })

  const dataDir = join(desk!.folder, '.gatez')
  const files = readdirSync(dataDir)
  expect(files).toContain('gatez.db-wal')
  const bytes = Buffer.concat(files.map((file) => readFileSync(join(dataDir, file))))
  expect(bytes.includes(made.masked!.slice(0, 12))).toBe(true)
  for (const secret of [made.secret, revealed!.secret]) {
    expect(bytes.includes(secret)).toBe(false)
    expect(bytes.includes(secret.slice(12, -4))).toBe(false)
  }
})
