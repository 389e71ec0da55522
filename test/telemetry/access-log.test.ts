import { readFileSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeSecret } from '../../src/model/key.ts'
import { AccessLog, accessLine, type LoggedCall } from '../../src/telemetry/access-log.ts'
import { tempDir } from '../support/temp-dir.ts'
import { until } from '../support/until.ts'

function call(overrides: Partial<LoggedCall> = {}): LoggedCall {
  return {
    startMs: Date.UTC(2026, 2, 1, 12),
    credential: undefined,
    endpoint: '/v1/search',
    method: 'GET',
    statusCode: 200,
    responseTimeMs: 12,
    bytesSent: 340,
    bytesReceived: 0,
    tenantId: 'acme',
    usageUnits: 1,
    clientIp: '',
    requestId: 'req-1',
    routeId: 'search',
    outcome: 'ok',
    error: '',
    traceId: '',
    ...overrides,
  }
}

test('a line has the ten fields by their names, in their order, and the address of the client', () => {
  const secret = makeSecret('live')
  const line = JSON.parse(accessLine(call({ credential: secret, clientIp: '203.0.113.9' })))
  expect(Object.keys(line).slice(0, 11)).toEqual([
    ...['timestamp', 'api_key', 'endpoint', 'method', 'status_code', 'response_time_ms', 'bytes_sent'],
    ...['bytes_received', 'customer_id', 'usage_units', 'client_ip'],
  ])
  expect(line).toMatchObject({
    timestamp: '2026-03-01T12:00:00.000Z',
    api_key: `${secret.slice(0, 12)}…${secret.slice(-4)}`,
    endpoint: '/v1/search',
    status_code: 200,
    customer_id: 'acme',
    client_ip: '203.0.113.9',
  })
})

test('a key is in no line, wherever its client wrote it, also one that another system made', () => {
  for (const secret of [makeSecret('live'), makeSecret('test'), 'legacy-key-of-another-system-0001']) {
    const written = { endpoint: `/v1/${secret}/x`, requestId: secret, clientIp: secret }
    const line = accessLine(call({ credential: secret, ...written }))
    expect(line).not.toContain(secret)
    expect(JSON.parse(line).endpoint).toMatch(/^\/v1\/.*redacted\]\/x$/)
  }
})

test('the file can be moved away and is opened anew, only its owner reads it', async () => {
  const path = join(tempDir(), 'logs/access.log')
  const warnings: string[] = []
  const log = new AccessLog({ kind: 'file', path }, (what) => warnings.push(what))
  log.write(call({ requestId: 'before' }))
  await until('the line is written', () => (read(path).includes('before') ? true : undefined))
  expect(statSync(path).mode & 0o777).toBe(0o600)
  renameSync(path, `${path}.1`)
  log.reopen()
  log.write(call({ requestId: 'after' }))
  await until('the new file is there', () => (read(path).includes('after') ? true : undefined))
  log.close()
  expect([read(`${path}.1`).split('\n').length, read(path).split('\n').length]).toEqual([2, 2])
  expect(warnings).toEqual([])
})

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
