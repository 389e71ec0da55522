import * as z from 'zod'
import { parseHost, parseUpstreams } from './address.ts'
import { parseDuration } from './duration.ts'
import { parseFieldNames, parseFieldValues, parseNamedFields, parseOrigins } from './field-values.ts'
import { parseMatch, parseMethodList, parsePlainPath, parsePrefix, parseRewrite } from './match.ts'
import { id, oneOrMore, read, strict, text, whole } from './schema-parts.ts'
import { parseSize } from './size.ts'
import { parseSecretHeader, parseSecretValue, parseStatuses } from './values.ts'

const statusList = z.array(
  z.union([z.int(), z.string()], { error: 'must be a status or a range such as 200-299' }),
)

const fieldNames = z.array(z.string()).transform(read(parseFieldNames))

const namedFields = z.array(z.string()).transform(read(parseNamedFields))

const fieldChanges = strict({
  remove: fieldNames.prefault([]),
  set: z.record(z.string(), z.string()).transform(read(parseFieldValues)).prefault({}),
})

const cors = strict({
  origins: z
    .union([z.literal('*'), z.array(z.string())], {
      error: 'must be a list of origins such as https://app.example.com, or "*"',
    })
    .transform(read(parseOrigins)),
  methods: z
    .array(z.string())
    .transform(read((methods: readonly string[]) => parseMethodList(methods)))
    .prefault([]),
  headers: namedFields.prefault([]),
  expose: namedFields.prefault([]),
  credentials: z.boolean().default(false),
  max_age: text(parseDuration).prefault('10m'),
})

const maintenance = strict({
  detail: z.string().min(1).default('This endpoint is under maintenance.'),
  retry_after: text(parseDuration).prefault('5m'),
})

const idempotency = strict({
  keep: text(parseDuration).prefault('24h'),
  max_body: text(parseSize).prefault('1MB'),
  max_answer: text(parseSize).prefault('1MB'),
})

/** What may be said of a route, or of all routes of an api at once. */
const policy = {
  retries: whole(0, 5).optional(),
  max_body: text(parseSize).nullable().optional(),
  request_headers: fieldChanges.optional(),
  response_headers: fieldChanges.optional(),
  cors: cors.nullable().optional(),
  maintenance: maintenance.nullable().optional(),
  validate: z.boolean().optional(),
  idempotency: idempotency.nullable().optional(),
}

const route = strict({
  id,
  match: text(parseMatch),
  cost: whole(0, 1_000_000).default(1),
  requires: z.array(z.string()).default([]),
  auth: z.enum(['key', 'none']).default('key'),
  rewrite: text(parseRewrite).optional(),
  timeouts: strict({
    headers: text(parseDuration).optional(),
    idle: text(parseDuration).optional(),
  }).prefault({}),
  ...policy,
})

const health = strict({
  path: text(parsePlainPath),
  every: text(parseDuration).prefault('10s'),
  timeout: text(parseDuration).prefault('2s'),
  healthy_after: whole(1, 100).default(2),
  unhealthy_after: whole(1, 100).default(3),
  statuses: statusList.min(1, oneOrMore('status')).transform(read(parseStatuses)).prefault(['200-399']),
})

const breaker = strict({
  failures: whole(1, 1_000).default(5),
  open: text(parseDuration).prefault('10s'),
  statuses: statusList.transform(read(parseStatuses)).prefault([502, 503, 504]),
})

/** An entry of `apis`. */
export const apiSchema = strict({
  id,
  hosts: z.array(text(parseHost)).default([]),
  upstream: z
    .union([z.string(), z.array(z.string())], {
      error: 'must be a URL such as http://127.0.0.1:9000, or a list of them',
    })
    .transform(read(parseUpstreams)),
  balance: z.enum(['round-robin', 'least-pending']).default('round-robin'),
  connections: z.int().min(1).max(65_535).nullable().default(null),
  health: health.nullable().default(null),
  breaker: breaker.nullable().optional(),
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
  strip_prefix: text(parsePrefix).optional(),
  ...policy,
  routes: z.array(route).min(1, oneOrMore('route')),
})
