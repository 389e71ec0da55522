import { z } from '@hono/zod-openapi'
import { GatezError } from '../../errors/gatez-error.ts'
import type { AskedCall, JudgedCall } from '../../gateway/call-verifier.ts'
import type { Asking } from '../asking.ts'
import { operation } from '../operation.ts'
import { words } from '../schemas.ts'

const ENVOY = '/api/v1/keys/verify/envoy'
const VERIFY = { by: 'operator', scope: 'verify' } as const

const verdict = z
  .object({
    valid: z.boolean(),
    code: z.enum([
      'VALID',
      'NOT_FOUND',
      'DISABLED',
      'EXPIRED',
      'RATE_LIMITED',
      'USAGE_EXCEEDED',
      'INSUFFICIENT_PERMISSIONS',
      'FORBIDDEN',
    ]),
    reason: z.string().nullable(),
    detail: z.string().nullable(),
    resets_at: z.string().nullable(),
    key_id: z.string().nullable(),
    tenant_id: z.string().nullable(),
    mode: z.enum(['live', 'test']).nullable(),
    plan: z.string().nullable(),
    features: z.array(z.string()),
    ratelimits: z.record(z.string(), z.string()),
  })
  .openapi('KeyVerdict')

const VALID = {
  ...{ valid: true, code: 'VALID', reason: null, detail: null, resets_at: null },
  ...{ key_id: 'key_2f6k8m0q1r3t5w7x9z2b', tenant_id: 'acme', mode: 'live', plan: 'free', features: [] },
  ratelimits: { RateLimit: '"tenant-day";r=99;t=86400' },
}

const verifyKey = operation({
  id: 'verifyKey',
  isRepeatable: true,
  method: 'post',
  path: '/api/v1/keys/verify',
  tag: 'verify',
  summary: 'Let a call through or not, and meter it, for who does not call through the gateway.',
  description:
    'Checks, limits and meters as the gateway does: a VALID answer is one call of the key, durable before it is ' +
    'sent. Name the route by its id, or the method and path the call goes to; without either only the limits of ' +
    'tenant and key hold, and it takes cost units (1 if not given; 0 takes nothing).',
  access: VERIFY,
  input: z.object({
    key: z.string().max(4_096),
    route: words(200).optional(),
    method: z.string().max(20).optional(),
    path: z.string().max(8_192).optional(),
    host: z.string().max(255).optional(),
    ip: z.string().max(100).optional(),
    cost: z.number().int().min(0).max(1_000_000).optional(),
    request_id: z.string().max(128).optional(),
  }),
  answer: verdict,
  errors: ['no-route', 'limiter-unavailable', 'metering-unavailable'],
  example: { input: { key: 'gz_live_…', route: 'search' }, answer: VALID },
  handle: async ({ parts }, { key, request_id: requestId, method, ...asked }) => {
    const call = { ...asked, secret: key, requestId, method: method?.toUpperCase() }
    const judged = await parts.verifier.verify(call)
    const { refusal } = judged
    if (refusal?.code === 'no-route') throw new GatezError('no-route', refusal.detail)
    return viewJudged(judged)
  },
})

const verifyNginx = operation({
  id: 'verifyNginx',
  method: 'get',
  path: '/api/v1/keys/verify/nginx',
  tag: 'verify',
  summary: 'The same for the auth_request of nginx: 200 lets the call pass, 401 and 403 do not.',
  description:
    'nginx understands no other answer. What the gateway would have said stands in x-gatez-status and ' +
    'x-gatez-problem. The token is in x-gatez-token; the call is in x-original-method, x-original-uri, ' +
    'x-original-host, x-original-ip; the key in x-api-key, or in x-original-authorization.',
  access: VERIFY,
  input: z.object({}),
  answer: undefined,
  download: 'text/plain',
  errors: ['limiter-unavailable', 'metering-unavailable'],
  example: { input: {}, answer: '' },
  handle: async (asking) => {
    const judged = await asking.parts.verifier.verify(callIn(asking, asking.header('x-original-uri')))
    const status = judgedStatus(judged)
    return forProxy(asking, judged, status === 200 || status === 401 ? status : 403)
  },
})

const verifyEnvoy = operation({
  id: 'verifyEnvoy',
  method: 'get',
  path: `${ENVOY}/{path}`,
  tag: 'verify',
  summary:
    'The same for the ext_authz filter of Envoy (HTTP): 200 lets the call pass, all else is its answer.',
  description:
    'Of any method: Envoy asks with that of the call. path_prefix is /api/v1/keys/verify/envoy. The token is in ' +
    'x-gatez-token; the key is where the client put it: in x-api-key, or in Authorization.',
  access: VERIFY,
  input: z.object({ path: z.string().max(8_192) }),
  answer: undefined,
  anyMethod: true,
  download: 'text/plain',
  errors: ['limiter-unavailable', 'metering-unavailable'],
  example: { input: { path: 'v1/search' }, answer: '' },
  handle: async (asking) => {
    const call = callIn(asking, asking.target.slice(ENVOY.length))
    const judged = await asking.parts.verifier.verify({ ...call, method: asking.method })
    return forProxy(asking, judged, judgedStatus(judged))
  },
})

/** What is offered to those who let calls through themselves. */
export const VERIFY_OPERATIONS = { verifyKey, verifyNginx, verifyEnvoy }

function viewJudged({ code, refusal, fields, caller }: JudgedCall) {
  if (refusal?.status === 503) throw new GatezError(refusal.code, refusal.detail)
  const grant = caller?.grant
  const resetsAt = refusal?.extra.resets_at
  return {
    valid: code === 'VALID',
    code,
    reason: refusal?.code ?? null,
    detail: refusal?.detail ?? null,
    resets_at: typeof resetsAt === 'string' ? resetsAt : null,
    key_id: grant?.keyId ?? null,
    tenant_id: grant?.tenantId ?? null,
    mode: grant?.keyMode ?? null,
    plan: grant?.planId ?? null,
    features: caller?.plan?.plan.features ?? [],
    ratelimits: Object.fromEntries(pairs(fields)),
  }
}

function callIn({ header, ip }: Asking, path: string | undefined): AskedCall {
  const authorization = header('x-original-authorization') ?? header('authorization') ?? ''
  const [, bearer] = /^bearer +(gz_\S+)$/i.exec(authorization) ?? []
  return {
    secret: header('x-api-key') ?? bearer ?? '',
    path: path ?? '/',
    method: header('x-original-method')?.toUpperCase() ?? 'GET',
    host: hostOf(header('x-original-host') ?? header('host') ?? ''),
    ip: header('x-original-ip') ?? header('x-forwarded-for')?.split(',').at(-1)?.trim() ?? ip,
    requestId: header('x-request-id'),
  }
}

function hostOf(field: string): string {
  return field.toLowerCase().replace(/:\d*$/, '')
}

function judgedStatus({ refusal }: JudgedCall): number {
  if (refusal?.status === 503) throw new GatezError(refusal.code, refusal.detail)
  return refusal?.status ?? 200
}

/** What a proxy may pass on, either way. */
function forProxy({ parts, header }: Asking, { code, refusal, fields, caller }: JudgedCall, status: number) {
  const headers = new Headers({ 'x-gatez-code': code, 'x-gatez-status': String(refusal?.status ?? 200) })
  for (const [name, value] of pairs(fields)) headers.set(name, value)
  for (const [name, value] of pairs(caller?.identity ?? [])) headers.set(name, value)
  if (refusal === undefined) return new Response(null, { status, headers })
  const problem = refusal.toJson(header('x-request-id') ?? '', parts.config().docsUrl)
  headers.set('content-type', 'application/problem+json')
  headers.set('x-gatez-problem', refusal.code)
  return new Response(problem, { status, headers })
}

function pairs(fields: readonly string[]): [string, string][] {
  return fields.flatMap((name, index): [string, string][] =>
    index % 2 === 0 ? [[name, fields[index + 1] ?? '']] : [],
  )
}
