import { expect, test } from 'vitest'
import { checkRoutes } from '../../src/upkeep/check-routes.ts'
import { billingStore } from '../support/billing-scene.ts'
import { MARCH } from '../support/rollups.ts'

const NOW = MARCH + 86_400_000
const file = (...routes: readonly string[]): any => ({
  apis: [{ id: 'shop', routes: routes.map((id) => ({ id })) }],
})

test('a route that earned money in the last day and is gone from the file is told of, with who used it', async () => {
  const used = { apiId: 'shop', routeId: 'search', requests: 40 }
  await using store = await billingStore({
    rollups: [
      { ...used, bucketMs: MARCH - 900_000, routeId: 'older' },
      { ...used, bucketMs: MARCH },
      { ...used, bucketMs: MARCH + 900_000, requests: 2 },
      { ...used, bucketMs: MARCH + 900_000, routeId: 'free', billable: false },
      { ...used, bucketMs: MARCH + 900_000, routeId: 'lookup' },
    ],
  })
  expect(await checkRoutes(store.ledger, file('search', 'lookup'), NOW)).toBeUndefined()
  expect(await checkRoutes(store.ledger, file('lookup'), NOW)).toMatchObject({
    verdict: 'warning',
    detail: expect.stringContaining('shop/search (42 billed calls of 1 tenants)'),
  })
})
