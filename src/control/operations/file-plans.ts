import { z } from '@hono/zod-openapi'
import { parsePrice } from '../../config/parse-price.ts'

const id = z.string().min(1).max(200)
const amount = z.number().int().min(1).max(1_000_000_000).nullable()

const limit = z.object({
  id,
  counts: z.enum(['requests', 'units', 'concurrent']),
  amount,
  windowMs: z
    .number()
    .int()
    .min(0)
    .max(366 * 86_400_000),
  per: z.string().max(40),
  scope: z.enum(['tenant', 'key', 'route', 'key-route']),
})

const quota = z.object({
  id,
  meter: id,
  per: z.enum(['day', 'week', 'month', 'year']),
  included: z.string().regex(/^\d{1,30}(?:\.\d{1,15})?$/, 'must be a decimal such as 200000'),
  onExceed: z.enum(['block', 'bill', 'notify', 'upgrade']),
  upgradeTo: id.optional(),
})

const charge = z.object({
  id,
  meter: id.nullable(),
  price: z.record(z.string(), z.unknown()).refine(canBeRead, 'is no price'),
  per: z.enum(['day', 'week', 'month', 'year']).optional(),
})

const plan = z.object({
  id,
  name: z.string().max(200),
  support: z.string().max(2_000).nullable(),
  routes: z.union([z.literal('all'), z.array(id).max(10_000)]),
  features: z.array(id).max(1_000),
  keys: z.object({
    max: z.number().int().min(0).max(1_000_000).nullable(),
    approval: z.enum(['auto', 'manual']),
  }),
  limits: z.array(limit).max(100),
  quotas: z.array(quota).max(100),
  charges: z.array(charge).max(100),
  onStoreFailure: z.enum(['local', 'closed', 'open']).optional(),
})

/** Plans of a file that the caller read: what `gatez plans diff` and `gatez pricing simulate` send. */
export const filePlans = z.array(plan).max(1_000).openapi({ example: [] })

function canBeRead(price: Readonly<Record<string, unknown>>): boolean {
  try {
    parsePrice(JSON.stringify(price), 'price')
    return true
  } catch {
    return false
  }
}
