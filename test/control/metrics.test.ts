import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { rollUp } from '../../src/metering/roll-up.ts'
import { Traffic } from '../../src/telemetry/traffic.ts'
import { startControl, type TestControl } from '../support/control.ts'
import { usageEvent } from '../support/usage-events.ts'

const LOCAL = { 'x-forwarded-for': '127.0.0.1' }
const REMOTE = { 'x-forwarded-for': '203.0.113.9' }

async function startWith(metrics: object): Promise<TestControl> {
  const control = { requests_per_minute: null, behind_proxy: true }
  return startControl({ control, telemetry: { metrics } })
}

test('what the gateway threads counted can be read by Prometheus, and promtool has nothing against it', async () => {
  const control = await startWith({})
  const traffic = new Traffic(control.trafficMemory, 0)
  traffic.ended(200, 4, 3, 1_000, 10)
  traffic.ended(502, 40, -1, 0, 0)
  traffic.refused('upstream-unreachable', 0)
  traffic.refused('rate-limited', 429)
  traffic.completed(2)
  traffic.durable(3, 2, 0.7)
  traffic.decidedAlone(5, 1)
  traffic.lagged(3)
  const { status, headers, text } = await control.ask('GET', '/metrics', { headers: LOCAL })
  expect([status, headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8'])
  for (const line of [
    'gatez_responses_total{status="2xx"} 1',
    'gatez_responses_total{status="4xx"} 1',
    'gatez_responses_total{status="5xx"} 1',
    'gatez_calls_total 2',
    'gatez_calls_durable_total 2',
    'gatez_events_durable_total 3',
    'gatez_refusals_total{code="rate-limited"} 1',
    'gatez_refusals_total{code="upstream-unreachable"} 1',
    'gatez_degraded_decisions_total{decision="admitted"} 5',
    'gatez_call_duration_seconds_bucket{le="0.0025"} 0',
    'gatez_call_duration_seconds_bucket{le="0.005"} 1',
    'gatez_call_duration_seconds_bucket{le="0.05"} 2',
    'gatez_call_duration_seconds_bucket{le="+Inf"} 2',
    'gatez_call_duration_seconds_sum 0.044',
    'gatez_upstream_duration_seconds_count 1',
    'gatez_metering_up 1',
    'gatez_unshipped_events 0',
    'gatez_ship_lag_seconds 0',
    `gatez_build_info{version="0.0.0",node="${process.versions.node}"} 1`,
  ]) {
    expect(text.split('\n')).toContain(line)
  }
  execFileSync('promtool', ['check', 'metrics'], { input: text })
})

test('how many series there are does not depend on tenants, unless the file asks for it', async () => {
  const control = await startWith({})
  const { text: before } = await control.ask('GET', '/metrics', { headers: LOCAL })
  for (let index = 0; index < 20; index += 1) {
    await control.ask('POST', '/api/v1/tenants', { token: control.owner, body: { id: `tenant-${index}` } })
  }
  const { text } = await control.ask('GET', '/metrics', { headers: LOCAL })
  expect(text.split('\n')).toHaveLength(before.split('\n').length)
  expect(text).not.toContain('tenant')
})

test('calls of this month are told by tenant where the file asks for it', async () => {
  const control = await startWith({ tenants: true })
  const { store, clock } = control
  const event = (overrides: object) =>
    usageEvent({ tenantId: 'acme', timestampMs: clock.nowMs(), ...overrides })
  const events = [event({ seq: 1 }), event({ seq: 2 }), event({ seq: 3, tenantId: 'beta', billable: false })]
  const advance = { nodeId: 'node-1', epoch: 1, afterSeq: 0, throughSeq: 3 }
  await store.transaction(({ ledger }) => ledger.apply(rollUp(events), advance))
  const { text } = await control.ask('GET', '/metrics', { headers: LOCAL })
  expect(text.split('\n').filter((line) => line.startsWith('gatez_tenant_'))).toEqual([
    'gatez_tenant_requests{tenant="acme"} 2',
    'gatez_tenant_requests{tenant="beta"} 1',
    'gatez_tenant_billable{tenant="acme"} 2',
    'gatez_tenant_billable{tenant="beta"} 0',
    'gatez_tenant_refused{tenant="acme"} 0',
    'gatez_tenant_refused{tenant="beta"} 0',
  ])
})

test.each([
  { access: 'local', from: LOCAL, scopes: undefined, status: 200, why: 'this machine' },
  { access: 'local', from: REMOTE, scopes: undefined, status: 401, why: 'another machine' },
  { access: 'local', from: REMOTE, scopes: 'read', status: 200, why: 'another machine with a token' },
  { access: 'token', from: LOCAL, scopes: undefined, status: 401, why: 'no token' },
  { access: 'token', from: LOCAL, scopes: 'verify', status: 403, why: 'a token for something else' },
  { access: 'token', from: LOCAL, scopes: 'read', status: 200, why: 'a token that may read' },
  { access: 'open', from: REMOTE, scopes: undefined, status: 200, why: 'anyone' },
  { access: 'off', from: LOCAL, scopes: 'owner', status: 404, why: 'nobody' },
])('with access $access, $why gets $status', async ({ access, from, scopes, status }) => {
  const control = await startWith({ access })
  const token = scopes === undefined ? undefined : await control.token(scopes)
  const answer = await control.ask('GET', '/metrics', { headers: from, token })
  expect(answer.status).toBe(status)
})

test('the listener of the portal has no metrics', async () => {
  const control = await startControl({ telemetry: { metrics: { access: 'open' } } }, { isPortal: true })
  expect((await control.ask('GET', '/metrics')).status).toBe(404)
})

test('ready means that calls can be counted', async () => {
  const control = await startWith({})
  expect((await control.ask('GET', '/readyz')).status).toBe(200)
  const traffic = new Traffic(control.trafficMemory, 0)
  traffic.meteringUp(false)
  const { status, json } = await control.ask('GET', '/readyz')
  expect([status, json]).toEqual([503, { status: 'metering-unavailable' }])
  expect((await control.ask('GET', '/metrics', { headers: LOCAL })).text).toContain('gatez_metering_up 0\n')
  expect((await control.ask('GET', '/healthz')).status).toBe(200)
  traffic.meteringUp(true)
  expect((await control.ask('GET', '/readyz')).status).toBe(200)
})
