import { resolve } from 'node:path'
import * as z from 'zod'
import { parseUpstream } from './address.ts'
import { strict, text } from './schema-parts.ts'
import { parseSecretHeader, parseSecretValue } from './values.ts'

/** The map `telemetry`. */
export const telemetrySchema = strict({
  access_log: z.string().min(1).max(4_096).default('off'),
  metrics: strict({
    access: z.enum(['local', 'token', 'open', 'off']).default('local'),
    tenants: z.boolean().default(false),
  }).prefault({}),
  otlp: strict({
    endpoint: text(parseUpstream),
    sample: z.number().min(0).max(1).default(1),
    service: z.string().min(1).max(128).default('gatez'),
    secret: strict({ header: text(parseSecretHeader), value: text(parseSecretValue) }).optional(),
  }).optional(),
})

/** What a running gateway tells its operator, and where. */
export interface TelemetryConfig {
  readonly accessLog: AccessLogPlace | null
  readonly metrics: MetricsConfig
  readonly otlp: OtlpConfig | null
}

/** Where a line for each call goes: standard error, or the absolute path of a file. */
export type AccessLogPlace = { readonly kind: 'stderr' } | { readonly kind: 'file'; readonly path: string }

/** Who may read `/metrics`, and whether tenants are named there. */
export interface MetricsConfig {
  /** `local`: this machine, others with a token; `token`: with a token; `open`: anyone; `off`: nobody. */
  readonly access: 'local' | 'token' | 'open' | 'off'
  readonly tenants: boolean
}

/** A collector that takes spans by OTLP over HTTP. */
export interface OtlpConfig {
  /** Without `/v1/traces`. */
  readonly endpoint: string
  /** Which part of all calls, from 0 to 1. */
  readonly sample: number
  readonly service: string
  readonly secret: { readonly header: string; readonly value: string } | null
}

/** The map `telemetry`, with its defaults; paths are relative to `folder`. */
export function toTelemetry(telemetry: z.infer<typeof telemetrySchema>, folder: string): TelemetryConfig {
  const { access_log: accessLog, metrics, otlp } = telemetry
  return {
    accessLog: toAccessLog(accessLog, folder),
    metrics,
    otlp: otlp === undefined ? null : { ...otlp, secret: otlp.secret ?? null },
  }
}

function toAccessLog(written: string, folder: string): AccessLogPlace | null {
  if (written === 'off') return null
  return written === 'stderr' ? { kind: 'stderr' } : { kind: 'file', path: resolve(folder, written) }
}

/** What each field of it means. */
export const TELEMETRY_DESCRIPTIONS = {
  telemetry: 'What a running gateway tells its operator. Nothing is sent anywhere unless it is named here.',
  'telemetry.access_log':
    'One line of JSON for each call: off, stderr, or a file. The file is opened anew on SIGHUP, for logrotate.',
  'telemetry.metrics': 'GET /metrics on the listener of control, for Prometheus.',
  'telemetry.metrics.access':
    'Who may read it: local, this machine, and others with a token that may read; token, only with one; open, anyone who reaches control; off, nobody.',
  'telemetry.metrics.tenants':
    'Whether calls of this billing period are told by tenant, of at most 1,000 of them.',
  'telemetry.otlp': 'Sends a span for each call to a collector (OTLP over HTTP, JSON).',
  'telemetry.otlp.endpoint': 'Its URL without /v1/traces, as http://127.0.0.1:4318.',
  'telemetry.otlp.sample': 'Which part of all calls, from 0 to 1.',
  'telemetry.otlp.service': 'The name of this service there.',
  'telemetry.otlp.secret': 'A header field that the collector asks for.',
  'telemetry.otlp.secret.header': 'Its name, as x-collector-key.',
  'telemetry.otlp.secret.value': `From the environment only, as \${OTLP_KEY}.`,
} as const
