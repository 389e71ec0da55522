import { expect, test } from 'vitest'
import { createTenant } from '../../src/access/create-tenant.ts'
import { importKeys } from '../../src/access/import-keys.ts'
import { hashSecret, makeSecret, sha256Hex } from '../../src/model/key.ts'
import { putPlans, testStore } from '../support/control-store.ts'

const actor = 'cli:ann'
const LEGACY = 'legacy-Key_of.another/system=1'

async function desk() {
  const access = await testStore()
  await putPlans(access.store)
  await createTenant(access, { actor, id: 'acme', planId: 'open', externalId: 'cus_1' })
  await createTenant(access, { actor, id: 'small', planId: 'free' })
  await createTenant(access, { actor, id: 'bare' })
  const load = (...lines: string[]) => importKeys(access, { actor, text: `${lines.join('\n')}\n` })
  return { ...access, load }
}

test('keys of another system are found by the hash of what their owners send', async () => {
  const { load, store } = await desk()
  const loaded = await load('tenant,name,key', `acme,ci,${LEGACY}`, `cus_1,"a, b",${makeSecret('live')}`)
  expect(loaded).toMatchObject({
    imported: 2,
    keys: [
      { tenant_id: 'acme', name: 'ci', state: 'active', mode: 'live', masked: 'lega…em=1' },
      { tenant_id: 'acme', name: 'a, b', masked: expect.stringMatching(/^gz_live_.{4}….{4}$/) },
    ],
  })
  expect(await store.keys.grantByHash(hashSecret(LEGACY))).toMatchObject({ tenantId: 'acme' })
  const [first] = loaded.keys
  expect(await store.audit.list({ subject: `key:${first?.id}` })).toMatchObject([
    { action: 'key.imported', actor },
  ])
})

test('hashes alone will do, in any column order, with an expiry', async () => {
  const { load, store } = await desk()
  const hash = sha256Hex(LEGACY)
  await load('Expires_At, sha256 ,tenant,name', `2027-01-01T00:00Z,${hash.toUpperCase()},acme,`)
  expect(await store.keys.grantByHash(hash)).toMatchObject({ expiresAtMs: Date.UTC(2027, 0, 1) })
  const [key] = await store.keys.list({ tenantId: 'acme' })
  expect(key).toMatchObject({ name: 'default', masked: `sha256:${hash.slice(0, 4)}…` })
})

test('everything wrong is told by its line, no value is repeated, and nothing is imported', async () => {
  const { load, store } = await desk()
  await load('tenant,name,key', `acme,one,${LEGACY}`)
  const mistyped = `${makeSecret('live').slice(0, -6)}000000`
  const values = [`${LEGACY}2`, 'too-short', 'has a blank in the middle', mistyped, 'v'.repeat(257)]
  const attempt = load(
    'tenant,name,key,expires_at',
    `acme,fine,${values[0]},`,
    `acme,again,${values[0]},`,
    `acme,short,${values[1]},`,
    `acme,blank,${values[2]},`,
    `acme,mistyped,${values[3]},`,
    `acme,long,${values[4]},`,
    `acme,known,${LEGACY},`,
    `nobody,lost,${LEGACY}3,`,
    `bare,planless,${LEGACY}4,`,
    `acme,late,${LEGACY}5,2020-01-01`,
    `acme,odd,${LEGACY}6,soon`,
    `small,fits,${LEGACY}7,`,
    `small,full,${LEGACY}8,`,
    `acme,${LEGACY}9`,
    `,nobody,${LEGACY}10,`,
  )
  const error: any = await attempt.catch((thrown) => thrown)
  expect(error.code).toBe('invalid-import')
  expect(error.message.split('\n')).toEqual([
    '13 problems; nothing was imported',
    '  line 3: the same key as in line 2',
    '  line 4: key is not 16 to 256 visible ASCII characters',
    '  line 5: key is not 16 to 256 visible ASCII characters',
    '  line 6: key begins with gz_ but its checksum does not hold',
    '  line 7: key is not 16 to 256 visible ASCII characters',
    '  line 8: gatez has this key already',
    '  line 9: there is no tenant nobody: gatez tenants create makes it',
    '  line 10: Tenant bare has no plan, so it can have no key: gatez tenants plan bare free gives it one.',
    '  line 11: expires_at is not in the future',
    '  line 12: expires_at is no time such as 2027-01-01T00:00Z',
    '  line 14: the plan of tenant small has no room for it: keys.max is reached',
    '  line 15: has 2 fields where the first line names 4',
    '  line 16: tenant is empty',
  ])
  for (const value of [...values, LEGACY])
    expect(JSON.stringify(error.extra) + error.message).not.toContain(value)
  expect(await store.keys.list({})).toHaveLength(1)
})

test('a dry run tells the same and writes nothing', async () => {
  const access = await desk()
  const text = `tenant,name,key\nacme,ci,${LEGACY}\n`
  expect(await importKeys(access, { actor, text, dryRun: true })).toMatchObject({
    imported: 1,
    dry_run: true,
  })
  expect(await access.store.keys.list({})).toEqual([])
})

test.each([
  { lines: [''], what: /the file is empty/ },
  { lines: ['tenant,name'], what: /one of key and sha256/ },
  { lines: ['tenant,name,key,sha256'], what: /one of key and sha256/ },
  { lines: ['name,key'], what: /lacks the column tenant/ },
  { lines: ['tenant,name,key,key'], what: /twice/ },
  { lines: ['tenant,nmae,key'], what: /unknown column nmae \(did you mean name\?\)/ },
  { lines: [`acme,ci,${LEGACY}`], what: /unknown column acme\./ },
])('a file that begins with $lines is refused', async ({ lines, what }) => {
  const { load } = await desk()
  const error: any = await load(...lines).catch((thrown) => thrown)
  expect(error).toMatchObject({ code: 'invalid-parameter', message: expect.stringMatching(what) })
  expect(error.message).not.toContain(LEGACY)
})

test('a quoted field without an end is told by its line', async () => {
  const { load } = await desk()
  await expect(load('tenant,name,key', `acme,"ci,${LEGACY}`)).rejects.toMatchObject({
    message: expect.stringContaining('line 2: a quoted field has no proper end'),
  })
})

test('two imports of one file at once: one of them wins', async () => {
  const { load, store } = await desk()
  const lines = ['tenant,name,key', ...Array.from({ length: 50 }, (_, index) => `acme,k,${LEGACY}-${index}`)]
  const outcomes = await Promise.allSettled([load(...lines), load(...lines)])
  expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  expect(await store.keys.list({})).toHaveLength(50)
})
