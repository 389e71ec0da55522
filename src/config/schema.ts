import * as z from 'zod'
import { parseCountersUrl, parseHost, parseListen, parseSqliteUrl, parseUpstream } from './address.ts'
import { parseDuration, parseWindow } from './duration.ts'
import { parseMatch, parseOwnPath } from './match.ts'
import type { Parsed } from './parsed.ts'
import { parseScope, SCOPE_RULE } from './scope.ts'
import {
  parseCurrency,
  parseDecimal,
  parseDocsUrl,
  parseId,
  parseMeterId,
  parseSecretHeader,
  parseSecretValue,
  parseStatuses,
  parseTimezone,
} from './values.ts'

/** The shape of `gatez.yaml`. What refers to something else in the file is checked by the check-* files. */
export type File = z.infer<typeof fileSchema>

/**
 * A map that knows all its fields.
 *
 * The message of an `unrecognized_keys` issue is the list of known fields, one a line: what the loader
 * needs to say what may have been meant.
 */
function strict<Shape extends z.core.$ZodShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? Object.keys(shape).join('\n') : undefined),
  })
}

/** A text that is read further; `parse` says what is wrong with it. */
function text<Value>(parse: (text: string) => Parsed<Value>) {
  return z.string().transform(read(parse))
}

function read<Written, Value>(parse: (written: Written) => Parsed<Value>) {
  return (written: Written, context: z.core.$RefinementCtx<Written>): Value => {
    const parsed = parse(written)
    if ('value' in parsed) return parsed.value
    context.addIssue({ code: 'custom', message: parsed.problem })
    return z.NEVER
  }
}

function isUpgrade(written: unknown): boolean {
  return written === 'upgrade' || (typeof written === 'object' && written !== null && 'upgrade' in written)
}

const id = text(parseId)
const whole = (min: number, max: number) => z.int().min(min).max(max)
const oneOrMore = (noun: string) => ({ error: `must list at least one ${noun}` })

const gateway = strict({
  listen: text(parseListen).prefault('127.0.0.1:8080'),
  threads: z
    .union([z.literal('auto'), whole(1, 64)], { error: 'must be auto or a whole number from 1 to 64' })
    .default('auto'),
  counters_mib: whole(1, 16_384).default(64),
  drain: text(parseDuration).prefault('30s'),
  health: text(parseOwnPath).prefault('/gatez/health'),
  usage: text(parseOwnPath).prefault('/gatez/usage'),
})

const stores = strict({
  control: text(parseSqliteUrl).prefault('sqlite:.gatez/gatez.db'),
  counters: text(parseCountersUrl).prefault('memory'),
  usage: text(parseSqliteUrl).prefault('sqlite:.gatez/usage.db'),
})

const metering = strict({
  durability: z.enum(['disk', 'process']).default('disk'),
  retention_days: whole(1, 36_500).default(400),
  client_ip: z.enum(['off', 'hash', 'full']).default('off'),
})

const billing = strict({
  currency: text(parseCurrency).prefault('USD'),
  timezone: text(parseTimezone).prefault('UTC'),
  period: z.enum(['day', 'week', 'month', 'year']).default('month'),
  anchor: z.literal('calendar').default('calendar'),
})

const route = strict({
  id,
  match: text(parseMatch),
  cost: whole(0, 1_000_000).default(1),
  requires: z.array(z.string()).default([]),
  auth: z.enum(['key', 'none']).default('key'),
})

const api = strict({
  id,
  hosts: z.array(text(parseHost)).default([]),
  upstream: text(parseUpstream),
  openapi: z.string().min(1).optional(),
  secret: strict({ header: text(parseSecretHeader), value: text(parseSecretValue) }).optional(),
  tls: strict({
    ca: z.string().min(1).optional(),
    cert: z.string().min(1).optional(),
    key: z.string().min(1).optional(),
    server_name: text(parseHost).optional(),
  }).optional(),
  timeouts: strict({
    connect: text(parseDuration).prefault('5s'),
    headers: text(parseDuration).prefault('60s'),
    idle: text(parseDuration).prefault('60s'),
  }).prefault({}),
  routes: z.array(route).min(1, oneOrMore('route')),
})

const meter = strict({
  id: text(parseMeterId),
  from: z.enum(['header', 'openai-usage', 'event']).default('header'),
  aggregation: z.enum(['count', 'sum', 'max', 'latest', 'unique_count']).default('sum'),
  count_statuses: z
    .array(z.union([z.int(), z.string()], { error: 'must be a status or a range such as 200-299' }))
    .transform(read(parseStatuses))
    .optional(),
})

const limit = strict({
  id: id.optional(),
  requests: whole(1, 1_000_000_000).nullable().optional(),
  units: whole(1, 1_000_000_000).nullable().optional(),
  per: text(parseWindow),
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
    .enum(['block', 'bill', 'notify'], {
      error: (issue) =>
        isUpgrade(issue.input) ? 'upgrade is not supported yet; use block, bill or notify' : undefined,
    })
    .default('block'),
})

const charge = strict({
  id,
  meter: z.string().optional(),
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
  charges: z.array(charge).default([]),
})

/** The whole file. */
export const fileSchema = strict({
  version: z.literal(1),
  docs_url: text(parseDocsUrl).optional(),
  gateway: gateway.prefault({}),
  control: strict({ listen: text(parseListen).prefault('127.0.0.1:8081') }).prefault({}),
  stores: stores.prefault({}),
  metering: metering.prefault({}),
  billing: billing.prefault({}),
  apis: z.array(api).min(1, oneOrMore('api')),
  features: z.record(z.string(), z.string().min(1)).default({}),
  meters: z.array(meter).default([]),
  plans: z.array(plan).min(1, oneOrMore('plan')),
})
