import { z } from '@hono/zod-openapi'
import type { KeyView, RevealedKeyView } from '../access/key-view.ts'
import type { InvitedMemberView } from '../access/member-link.ts'
import type { MemberView } from '../access/member-view.ts'
import type { PlanView } from '../access/plan-view.ts'
import type { TenantDetails } from '../access/show-tenant.ts'
import type { TenantView } from '../access/tenant-view.ts'
import type { RevealedTokenView, TokenView } from '../access/token-view.ts'
import { MEMBER_ROLES } from '../model/tenant.ts'
import { TOKEN_SCOPES } from '../model/token.ts'

/** A text as people type it: bounded here, read by the use case. */
export const words = (max = 1_000) => z.string().max(max)

/** Id or external id of a tenant. */
export const tenantName = z.string().min(1).max(200).openapi({ example: 'acme' })

export const keyId = z.string().min(1).max(200).openapi({ example: 'key_2f6k8m0q1r3t5w7x9z2b' })

/** Where a list goes on, and how much of it comes at once. */
export const paging = {
  limit: z
    .string()
    .regex(/^(?:[1-9]\d{0,2}|1000)$/, 'must be a whole number from 1 to 1000')
    .optional()
    .openapi({ description: 'At most so many at once; 100 if not given.', example: '100' }),
  cursor: z.string().max(1_000).optional().openapi({ description: 'What next said on the page before.' }),
}

/** A flag in a query. */
export const flag = z.enum(['true', 'false']).optional()

/** A whole number in a query. */
export const count = (max: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, 'must be a whole number')
    .refine((text) => Number(text) <= max, `must be at most ${max}`)

const time = z.string().openapi({ format: 'date-time', example: '2026-03-10T12:00:00.000Z' })
const timeOrNull = time.nullable()
const record = <Value extends z.ZodType>(value: Value) => z.record(z.string(), value)

/** A page of a list. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ data: z.array(item), next: z.string().nullable() })
}

const tenantFields = {
  id: tenantName,
  name: z.string(),
  external_id: z.string().nullable(),
  state: z.enum(['active', 'suspended', 'unpaid', 'capped', 'deleted']),
  plan: z.string().nullable(),
  plan_version: z.number().int().nullable(),
  subscription_id: z.string().nullable(),
  plan_since: timeOrNull,
  next_plan: z.string().nullable(),
  next_plan_at: timeOrNull,
  plan_until: timeOrNull,
  trial_until: timeOrNull,
  created_at: time,
}

export const tenantSchema: z.ZodType<TenantView> = z.looseObject(tenantFields).openapi('Tenant')

const customerView = z.object({
  address: z.array(z.string()),
  tax_id: z.string().nullable(),
  tax_exempt: z.string().nullable(),
})

const overridesSchema = z.looseObject({
  limits: record(z.number().nullable()),
  quotas: record(z.string()),
  features: z.array(z.string()),
})

export const tenantDetailsSchema: z.ZodType<TenantDetails> = z
  .looseObject({
    ...tenantFields,
    keys_held: z.number().int(),
    keys_max: z.number().int().nullable(),
    overrides: overridesSchema.nullable(),
    customer: customerView.nullable(),
  })
  .openapi('TenantDetails')

export const overridesViewSchema = z
  .looseObject({
    tenant_id: z.string(),
    plan: z.string().nullable(),
    limits: record(z.number().nullable()),
    quotas: record(z.string()),
    features: z.array(z.string()),
    customer: customerView.nullable(),
  })
  .openapi('TenantOverrides')

const keyFields = {
  id: keyId,
  tenant_id: z.string(),
  name: z.string(),
  mode: z.enum(['live', 'test']),
  state: z.enum(['requested', 'approved', 'active', 'rejected', 'revoked', 'expired']),
  masked: z.string().nullable(),
  reason: z.string().nullable(),
  requested_by: z.string(),
  decided_by: z.string().nullable(),
  decision_reason: z.string().nullable(),
  created_at: time,
  decided_at: timeOrNull,
  revealed_at: timeOrNull,
  revoked_at: timeOrNull,
  expires_at: timeOrNull,
  replaced_by: z.string().nullable(),
  routes: z.array(z.string()).nullable(),
  ips: z.array(z.string()).nullable(),
}

export const keySchema: z.ZodType<KeyView> = z.looseObject(keyFields).openapi('Key')

const secret = z.string().openapi({ description: 'Shown this once.' })

export const revealedKeySchema: z.ZodType<RevealedKeyView> = z
  .looseObject({ ...keyFields, secret })
  .openapi('RevealedKey')

const memberFields = {
  id: z.string(),
  tenant_id: z.string(),
  email: z.string(),
  role: z.enum(MEMBER_ROLES),
  created_at: time,
  link_expires_at: timeOrNull,
}

export const memberSchema: z.ZodType<MemberView> = z.looseObject(memberFields).openapi('Member')

export const invitedMemberSchema: z.ZodType<InvitedMemberView> = z
  .looseObject({ ...memberFields, token: secret, message_id: z.string() })
  .openapi('InvitedMember')

const tokenFields = {
  id: z.string(),
  name: z.string(),
  scopes: z.array(z.enum(TOKEN_SCOPES)),
  state: z.enum(['active', 'expired', 'revoked']),
  masked: z.string(),
  created_by: z.string(),
  created_at: time,
  expires_at: timeOrNull,
  revoked_at: timeOrNull,
}

export const tokenSchema: z.ZodType<TokenView> = z.looseObject(tokenFields).openapi('Token')

export const revealedTokenSchema: z.ZodType<RevealedTokenView> = z
  .looseObject({ ...tokenFields, secret })
  .openapi('RevealedToken')

export const planSchema: z.ZodType<PlanView> = z
  .looseObject({
    id: z.string(),
    name: z.string(),
    version: z.number().int(),
    support: z.string().nullable(),
    routes: z.union([z.array(z.string()), z.literal('all')]),
    features: z.array(z.string()),
    keys: z.looseObject({ max: z.number().int().nullable(), approval: z.enum(['auto', 'manual']) }),
    limits: z.array(
      z.looseObject({
        id: z.string(),
        counts: z.enum(['requests', 'units', 'concurrent']),
        amount: z.number().nullable(),
        per: z.string(),
        window_ms: z.number(),
        scope: z.string(),
      }),
    ),
    quotas: z.array(
      z.looseObject({
        id: z.string(),
        meter: z.string(),
        per: z.string(),
        included: z.string(),
        on_exceed: z.string(),
      }),
    ),
    charges: z.array(
      z.looseObject({ id: z.string(), meter: z.string().nullable(), price: record(z.unknown()) }),
    ),
    subscribers: z.number().int(),
    since: time,
  })
  .openapi('Plan')

/** An object whose fields other documents describe. */
export const anyObject = <Value extends object>(name: string): z.ZodType<Value> =>
  z.custom<Value>((value) => typeof value === 'object' && value !== null).openapi(name, { type: 'object' })
