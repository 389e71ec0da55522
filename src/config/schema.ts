import * as z from 'zod'
import { DIMENSIONS_MAX } from '../model/dimension.ts'
import { AGGREGATIONS } from '../model/mark.ts'
import { FEE_METHODS, QUOTA_METHODS } from '../model/proration.ts'
import { ANCHOR_RULE, parseAnchor } from './anchor.ts'
import { apiSchema } from './api-schema.ts'
import { controlSchema, portalSchema } from './control-schema.ts'
import { parseControlUrl } from './control-store-config.ts'
import { parseCountersUrl } from './counters-config.ts'
import { parseWindow } from './duration.ts'
import { gatewaySchema } from './gateway-schema.ts'
import { invoiceFields, mailSchema } from './invoice-schema.ts'
import { id, oneOrMore, read, strict, text, whole } from './schema-parts.ts'
import { parseScope, SCOPE_RULE } from './scope.ts'
import { parseSpoolMax } from './size.ts'
import { telemetrySchema } from './telemetry-config.ts'
import { parseUsageUrl } from './usage-store-config.ts'
import {
  parseCurrency,
  parseDecimal,
  parseDimensionId,
  parseDocsUrl,
  parseMeterId,
  parseStatuses,
  parseTimezone,
  parseUsageField,
} from './values.ts'

/** The shape of `gatez.yaml`. What refers to something else in the file is checked by the check-* files. */
export type File = z.infer<typeof fileSchema>

const stores = strict({
  control: text(parseControlUrl).prefault('sqlite:.gatez/gatez.db'),
  data: z.string().min(1).optional(),
  counters: text(parseCountersUrl).prefault('memory'),
  usage: text(parseUsageUrl).prefault('sqlite:.gatez/usage.db'),
})

const metering = strict({
  durability: z.enum(['disk', 'process']).default('disk'),
  retention_days: whole(1, 36_500).default(400),
  spool_max: text(parseSpoolMax).prefault('4GiB'),
  client_ip: z.enum(['off', 'hash', 'full']).default('off'),
})

const billing = strict({
  currency: text(parseCurrency).prefault('USD'),
  timezone: text(parseTimezone).prefault('UTC'),
  period: z.enum(['day', 'week', 'month', 'year']).default('month'),
  anchor: z
    .union([z.number(), z.string()], { error: ANCHOR_RULE })
    .transform(read(parseAnchor))
    .prefault('calendar'),
  proration: strict({
    fee: z.enum(FEE_METHODS).default('days'),
    quota: z.enum(QUOTA_METHODS).default('carry'),
  }).prefault({}),
  ...invoiceFields,
})

const meter = strict({
  id: text(parseMeterId),
  from: z.enum(['header', 'openai-usage', 'event']).default('header'),
  field: text(parseUsageField).optional(),
  aggregation: z.enum(AGGREGATIONS).default('sum'),
  routes: z
    .union([z.literal('all'), z.array(z.string())], { error: 'must be all or a list of route ids' })
    .default('all'),
  count_statuses: z
    .array(z.union([z.int(), z.string()], { error: 'must be a status or a range such as 200-299' }))
    .transform(read(parseStatuses))
    .optional(),
  metrics: z.array(z.string().min(1).max(256)).min(1, oneOrMore('metric')).optional(),
  property: z.string().min(1).max(256).optional(),
  negative: z.boolean().optional(),
})

const dimension = strict({
  id: text(parseDimensionId),
  from: z.enum(['request-header', 'response-header', 'event']),
  name: z.string().min(1).max(128),
  max_values: whole(1, 100_000).default(1_000),
})

const limit = strict({
  id: id.optional(),
  requests: whole(1, 1_000_000_000).nullable().optional(),
  units: whole(1, 1_000_000_000).nullable().optional(),
  concurrent: whole(1, 1_000_000).nullable().optional(),
  per: text(parseWindow).optional(),
  scope: z
    .union([z.string(), z.array(z.string())], { error: SCOPE_RULE })
    .transform(read(parseScope))
    .prefault('tenant'),
})

const quota = strict({
  id: id.optional(),
  meter: z.string(),
  per: z.enum(['day', 'week', 'month', 'year']),
  included: z.union([whole(0, Number.MAX_SAFE_INTEGER), text(parseDecimal)], {
    error: 'must be an amount such as 200000 or "1.5"',
  }),
  on_exceed: z
    .union([z.enum(['block', 'bill', 'notify']), strict({ upgrade: z.string() })], {
      error: 'must be block, bill, notify or { upgrade: PLAN }',
    })
    .default('block'),
})

const charge = strict({
  id,
  meter: z.string().optional(),
  per: z.enum(['day', 'week', 'month', 'year']).optional(),
  price: z.record(z.string(), z.unknown()),
})

const plan = strict({
  id,
  name: z.string().min(1).optional(),
  support: z.string().min(1).optional(),
  routes: z.union([z.literal('all'), z.array(z.string())], { error: 'must be all or a list of route ids' }),
  features: z.array(z.string()).default([]),
  keys: strict({
    max: whole(0, 1_000_000).nullable().default(null),
    approval: z.enum(['auto', 'manual']).default('auto'),
  }).prefault({}),
  limits: z.array(limit).default([]),
  quotas: z.array(quota).default([]),
  on_store_failure: z.enum(['local', 'closed', 'open']).default('local'),
  charges: z.array(charge).default([]),
})

/** The whole file. */
export const fileSchema = strict({
  version: z.literal(1),
  docs_url: text(parseDocsUrl).optional(),
  gateway: gatewaySchema.prefault({}),
  control: controlSchema.prefault({}),
  portal: portalSchema.prefault({}),
  stores: stores.prefault({}),
  metering: metering.prefault({}),
  billing: billing.prefault({}),
  mail: mailSchema.prefault({}),
  telemetry: telemetrySchema.prefault({}),
  apis: z.array(apiSchema).min(1, oneOrMore('api')),
  features: z.record(z.string(), z.string().min(1)).default({}),
  meters: z.array(meter).default([]),
  dimensions: z
    .array(dimension)
    .max(DIMENSIONS_MAX, { error: `must list at most ${DIMENSIONS_MAX} dimensions` })
    .default([]),
  plans: z.array(plan).min(1, oneOrMore('plan')),
})
