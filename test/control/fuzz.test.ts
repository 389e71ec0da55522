import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openApiDocument } from '../../src/control/openapi-document.ts'
import { startControl, type TestControl } from '../support/control.ts'

// Made of the OpenAPI document: odd values in every field of every route. GATEZ_FUZZ_REQUESTS=1000000 makes a
// long run of it.
const REQUESTS = Number(process.env.GATEZ_FUZZ_REQUESTS ?? 3_000)
/** A round begins with empty stores, so that long runs do not only meet what the first minutes left. */
const ROUND = 5_000
const ROUNDS = Array.from({ length: Math.ceil(REQUESTS / ROUND) }, (_, index) => {
  const requests = Math.min(ROUND, REQUESTS - index * ROUND)
  return { requests, toString: () => `${requests} odd requests, round ${index + 1}` }
})

interface FuzzedRoute {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly inPath: readonly string[]
  readonly inQuery: readonly string[]
  readonly inBody: readonly string[]
  readonly example: Readonly<Record<string, unknown>>
}

const DOCUMENT = openApiDocument('0.0.0') as any

const ROUTES: readonly FuzzedRoute[] = Object.entries<any>(DOCUMENT.paths).flatMap(([path, methods]) =>
  Object.entries<any>(methods).map(([method, { operationId, parameters = [], requestBody }]) => {
    const json = requestBody?.content?.['application/json']
    return {
      ...{ id: operationId, method: method.toUpperCase(), path },
      inPath: parameters.filter((each: any) => each.in === 'path').map((each: any) => each.name),
      inQuery: parameters.filter((each: any) => each.in === 'query').map((each: any) => each.name),
      inBody: Object.keys(json?.schema?.properties ?? {}),
      example: json?.example ?? {},
    }
  }),
)

/** What has broken other programs. */
const NAUGHTY = [
  ...[
    '',
    ' ',
    '\0',
    'null',
    'undefined',
    'NaN',
    '-1',
    '0',
    '1e309',
    '0x7f',
    '9007199254740993',
    '١٢',
    'ﬀ',
    '\ud800',
  ],
  ...[
    '../../etc/passwd',
    '%00',
    '%2e%2e',
    "'; drop table tenants; --",
    '" or 1=1',
    '$\x7bjndi:ldap://x}',
    '{{7*7}}',
  ],
  ...[
    '<script>alert(1)</script>',
    '=cmd|calc',
    '\u202e',
    '\ufeff',
    '👩‍👩‍👧',
    'a'.repeat(5_000),
    '__proto__',
    'constructor',
  ],
  ...[
    'toString',
    'acme',
    'key_none',
    '2026-02-30',
    '2026-13',
    '9999-12-31T23:59:60Z',
    '-271821-04-20',
    'Europe/Berlin',
  ],
  ...[
    'tenant,day',
    'tenant,tenant,',
    'gz_live_',
    'gzt_',
    '10.0.0.0/99',
    '::/129',
    '1d',
    '99999999999999d',
    'all',
    '*',
  ],
  ...['tenant-minute=1e9', 'tenant-minute=', '=', 'calls={ model: per_unit, unit: "-1" }', '{ a: &a [*a] }'],
]

const text = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...NAUGHTY) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
)
/** Stands for an id that an answer before named: what gets past the first check. */
const known = fc.nat({ max: 9_999 }).map((place) => ({ known: place }))
const odd = fc.oneof(
  { weight: 4, arbitrary: text },
  { weight: 4, arbitrary: known },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  { weight: 1, arbitrary: fc.array(fc.oneof(text, known), { maxLength: 4 }) },
  { weight: 1, arbitrary: fc.constantFrom(0, -1, 1.5, 1e308, true, null, [], {}) },
)

const request = fc.record({
  route: fc.constantFrom(...ROUTES),
  values: fc.array(odd, { minLength: 12, maxLength: 12 }),
  /** Which fields keep the value of the example. */
  kept: fc.integer({ min: 0, max: 4_095 }),
  key: fc.option(text, { freq: 8 }),
  match: fc.option(text, { freq: 8 }),
  raw: fc.option(fc.string({ unit: 'binary', maxLength: 40 }), { freq: 12 }),
})

describe('whatever is sent', () => {
  test.each(ROUNDS)('%s: no 500, no stack trace, no leak and no fault', { timeout: 0 }, async (round) => {
    const control = await startControl({ portal: { sign_up: 'open' } })
    const ids = new KnownIds()
    let visitor = await newVisitor(control, 'acme')
    const other = await control.ask('POST', '/api/v1/tokens', {
      ...{ token: control.owner, body: { name: 'canary-of-a-token', scopes: 'read' } },
    })
    let count = 0
    const ok = new Set<string>()
    await fc.assert(
      fc.asyncProperty(request, async ({ route, values, kept, key, match, raw }) => {
        count += 1
        control.clock.advance(60_001)
        const value = (name: string, index: number): unknown =>
          (kept >> index) % 2 === 1 && name in route.example
            ? route.example[name]
            : ids.resolved(values[index % values.length])
        const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
          encodeURIComponent(toText(value(name, route.inPath.indexOf(name)))),
        )
        const query = new URLSearchParams(
          route.inQuery.flatMap((name, index): [string, string][] =>
            (kept >> index) % 3 === 0 ? [] : [[name, toText(value(name, index))]],
          ),
        )
        // What is left out says something as well.
        const body = Object.fromEntries(
          route.inBody.flatMap((name, index) =>
            (kept >> (index % 12)) % 8 === 0 ? [] : [[name, value(name, index)]],
          ),
        )
        const isPortal = route.path.startsWith('/api/portal/')
        const { status, text: answer } = await control.ask(
          route.method,
          `${path}${query.size === 0 ? '' : `?${query}`}`,
          {
            token: isPortal ? undefined : visitor.token,
            ...(route.method !== 'GET' && route.method !== 'DELETE' && { body: raw ?? body }),
            headers: {
              ...(isPortal && visitor.headers),
              ...(key !== null && isField(key) && { 'idempotency-key': key }),
              ...(match !== null && isField(match) && { 'if-match': match }),
            },
          },
        )
        // There is no gateway here to try a call at: what is let through to it is told so, and nothing else is 503.
        const isTried = route.id === 'tryCall' && answer.includes(':control-unreachable"')
        const bar = isTried ? 504 : 500
        expect(status, `${route.method} ${path} ${answer.slice(0, 200)}`).toBeLessThan(bar)
        expect(answer).not.toMatch(/\bat [^ ]+ \(.*:\d+:\d+\)|node_modules|SQLITE_|better-sqlite3/)
        expect(answer).not.toContain(other.json.secret)
        expect(control.faults).toEqual([])
        if (status < 300) ok.add(route.id)
        ids.learn(answer)
        // A session ended, a token was revoked, a tenant suspended: the next one goes on with new ones.
        const { token, headers } = visitor
        const isOut = status === 401 || route.id === 'signOut'
        if (isOut || (count % 500 === 0 && !(await isWelcome(control, { token, headers })))) {
          visitor = await newVisitor(control, `visitor-${count}`)
        }
      }),
      { numRuns: round.requests },
    )
    expect(count).toBeGreaterThanOrEqual(round.requests)
    expect(ok.size, 'routes that did what was asked').toBeGreaterThan(round.requests < 1_000 ? 0 : 20)
    expect((await control.store.audit.checkChain()).brokenAt).toBeNull()
  })
})

/** Ids that answers named: keys, tokens, members, invoices, tenants. */
class KnownIds {
  readonly #ids: string[] = ['acme']

  learn(answer: string): void {
    for (const [, id] of answer.matchAll(/"(?:id|\w+_id|number|number_id|next)":"([^"\\]{1,80})"/g)) {
      if (id === undefined || this.#ids.includes(id)) continue
      if (this.#ids.length < 300) this.#ids.push(id)
      else this.#ids[id.length % 300] = id
    }
  }

  /** `value` with what stands for an id replaced by one. */
  resolved(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((each) => this.resolved(each))
    if (typeof value !== 'object' || value === null || !('known' in value)) return value
    return this.#ids[Number(value.known) % this.#ids.length]
  }
}

interface Visitor {
  readonly token: string
  readonly headers: Readonly<Record<string, string>>
}

async function newVisitor(control: TestControl, tenant: string): Promise<Visitor> {
  const token = await control.token('owner')
  await control.ask('POST', '/api/v1/tenants', { token, body: { id: tenant, plan: 'free' } })
  const { headers } = await control.member(tenant, `ann@${tenant}.example`, 'admin')
  return { token, headers }
}

async function isWelcome(control: TestControl, { token, headers }: Visitor): Promise<boolean> {
  const asOperator = await control.ask('GET', '/api/v1/now/access', { token })
  const asMember = await control.ask('GET', '/api/portal/v1/account', { headers })
  return asOperator.status === 200 && asMember.status === 200
}

function toText(value: unknown): string {
  const written = typeof value === 'string' ? value : JSON.stringify(value)
  // Half of a pair cannot be written into a URL at all.
  return written.toWellFormed()
}

/** What can be in a field of a head. */
function isField(value: string): boolean {
  return /^[\x20-\x7e]+$/.test(value)
}
