import * as z from 'zod'
import { parseIpBlock } from '../model/ip-block.ts'
import { parseListen } from './address.ts'
import { parseOwnPath } from './match.ts'
import type { Parsed } from './parsed.ts'
import { span, strict, text, whole } from './schema-parts.ts'

/** The map `gateway`. */
export const gatewaySchema = strict({
  listen: text(parseListen).prefault('127.0.0.1:8080'),
  tls: strict({ cert: z.string().min(1), key: z.string().min(1) }).optional(),
  threads: z
    .union([z.literal('auto'), whole(1, 64)], { error: 'must be auto or a whole number from 1 to 64' })
    .default('auto'),
  counters_mib: whole(1, 16_384).default(64),
  fast_lane: z.boolean().default(true),
  nodes: whole(1, 10_000).default(1),
  drain: span.prefault('30s'),
  health: text(parseOwnPath).prefault('/gatez/health'),
  usage: text(parseOwnPath).prefault('/gatez/usage'),
  events: text(parseOwnPath).prefault('/v1/events'),
  events_per_minute: whole(1, 1_000_000_000).nullable().default(60_000),
  trusted_proxies: z.array(text(parseTrusted)).default([]),
  forwarded_by: z.enum(['x-forwarded-for', 'forwarded']).default('x-forwarded-for'),
  connections_per_ip: whole(1, 1_000_000).nullable().default(1024),
  failed_keys_per_minute: whole(1, 1_000_000).nullable().default(100),
  max_lag: span.nullable().prefault('1s'),
  timeouts: strict({
    head: span.prefault('10s'),
    body: span.prefault('10s'),
    read: span.prefault('25s'),
    keep_alive: span.prefault('65s'),
  }).prefault({}),
})

function parseTrusted(text: string): Parsed<string> {
  const block = parseIpBlock(text)
  if (block !== undefined) return { value: block }
  return { problem: `must be an address or a block such as 10.0.0.0/8, is ${JSON.stringify(text)}` }
}
