import * as z from 'zod'
import { parseHost, parseListen, parseUpstream } from './address.ts'
import { parseColor, parseLogo } from './brand.ts'
import { id, strict, text, whole } from './schema-parts.ts'

const tls = strict({ cert: z.string().min(1), key: z.string().min(1) })

/** The map `control`. */
export const controlSchema = strict({
  listen: text(parseListen).optional(),
  tls: tls.optional(),
  behind_proxy: z.boolean().default(false),
  hosts: z.array(text(parseHost)).default([]),
  requests_per_minute: whole(1, 1_000_000).nullable().default(3_000),
})

/** The map `portal`. */
export const portalSchema = strict({
  listen: text(parseListen).optional(),
  tls: tls.optional(),
  behind_proxy: z.boolean().default(false),
  url: text(parseUpstream).optional(),
  sign_up: z.enum(['open', 'invited', 'closed']).default('invited'),
  sign_up_plan: id.optional(),
  plans: z.array(id).optional(),
  oidc: strict({
    issuer: text(parseUpstream),
    client_id: z.string().min(1).max(256),
    secret: strict({ value: z.string().min(1).max(1024) }),
    operators: z.array(z.string().min(3).max(254)).default([]),
  }).optional(),
  brand: strict({
    name: z.string().trim().min(1).max(60).optional(),
    color: text(parseColor).optional(),
    logo: text(parseLogo).optional(),
  }).prefault({}),
})

/** Where control listens when the file does not say. */
export const CONTROL_LISTEN = '127.0.0.1:8081'
