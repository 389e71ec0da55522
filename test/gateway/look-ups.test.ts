import { expect, test } from 'vitest'
import { Authenticator } from '../../src/gateway/authenticate.ts'
import { LookUps } from '../../src/gateway/look-ups.ts'
import { readRequestHead } from '../../src/gateway/request-head.ts'
import { Rules } from '../../src/gateway/rules.ts'
import type { Grant } from '../../src/model/grant.ts'
import { makeSecret } from '../../src/model/key.ts'
import { PLANS } from '../support/control-store.ts'
import { apiOn } from '../support/gateway.ts'
import { OWN_PATHS } from '../support/gateway-defaults.ts'

const NOW = 1_000
const SECRET = makeSecret('live')
const RULES = new Rules({ apis: [apiOn(1)], plans: PLANS, features: [], meters: [], ownPaths: OWN_PATHS })
const GRANT = {
  keyId: 'key_1',
  keyMode: 'live',
  keyState: 'active',
  expiresAtMs: null,
  routes: null,
  ips: null,
  tenantId: 'acme',
  tenantState: 'active',
  overrides: null,
  planId: 'free',
  planVersion: 1,
  subscriptionId: 'sub_1',
  planUntilMs: null,
} as unknown as Grant
const headWith = (secret: string) => readRequestHead(['x-api-key', secret])

/** A store beyond a network: it answers when the test says so. */
function farStore() {
  const asked: PromiseWithResolvers<Grant | undefined>[] = []
  const lookUp = () => {
    const question = Promise.withResolvers<Grant | undefined>()
    asked.push(question)
    return question.promise
  }
  return { asked, authenticator: new Authenticator(lookUp) }
}

test('calls that want the same key wait for one read, and the next needs none', async () => {
  const { asked, authenticator } = farStore()
  const calls = Array.from({ length: 5 }, () => authenticator.authenticate(headWith(SECRET), RULES, NOW))
  expect(asked).toHaveLength(1)
  asked[0]?.resolve(GRANT)
  const callers = await Promise.all(calls)
  expect(callers.map((caller) => 'grant' in caller && caller.grant)).toEqual(
    Array.from({ length: 5 }, () => GRANT),
  )
  expect(authenticator.authenticate(headWith(SECRET), RULES, NOW)).toMatchObject({ grant: GRANT })
  expect(asked).toHaveLength(1)
})

test('what was read before a change is not remembered: it may be what was revoked', async () => {
  const { asked, authenticator } = farStore()
  const call = authenticator.authenticate(headWith(SECRET), RULES, NOW)
  authenticator.forget([`key:${GRANT.keyId}`])
  asked[0]?.resolve(GRANT)
  expect(await call).toMatchObject({ grant: GRANT })
  const next = authenticator.authenticate(headWith(SECRET), RULES, NOW)
  expect(asked).toHaveLength(2)
  asked[1]?.resolve({ ...GRANT, keyState: 'revoked' })
  expect(await next).toMatchObject({ code: 'invalid-credential' })
})

test('when everything may have changed, everything is forgotten', async () => {
  const { asked, authenticator } = farStore()
  const call = authenticator.authenticate(headWith(SECRET), RULES, NOW)
  asked[0]?.resolve(GRANT)
  await call
  authenticator.forget(['*'])
  authenticator.authenticate(headWith(SECRET), RULES, NOW)
  expect(asked).toHaveLength(2)
})

test('a read that fails is nobody’s answer, and the next call asks again', async () => {
  const { asked, authenticator } = farStore()
  const call = authenticator.authenticate(headWith(SECRET), RULES, NOW)
  asked[0]?.reject(new Error('away'))
  await expect(call).rejects.toThrow('away')
  authenticator.authenticate(headWith(SECRET), RULES, NOW)
  expect(asked).toHaveLength(2)
})

test('so many reads may wait, and no more: the rest is told at once', async () => {
  const waiting = new LookUps(() => new Promise<string>(() => {}))
  for (let number = 0; number < 1_000; number += 1) void waiting.of(`hash-${number}`)
  await expect(waiting.of('one-more')).rejects.toMatchObject({ code: 'store-unavailable' })
  expect(waiting.of('hash-7')).toBe(waiting.of('hash-7'))
})
