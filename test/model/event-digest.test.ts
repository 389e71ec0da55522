import { expect, test } from 'vitest'
import type { UsageEvent } from '../../src/model/event.ts'
import { digestEvent } from '../../src/model/event-digest.ts'
import { usageEvent } from '../support/usage-events.ts'

const OTHERS: { readonly [Field in keyof UsageEvent]: UsageEvent[Field] } = {
  id: '01KJKT8Z00ABCDE00100000009',
  timestampMs: 1,
  tenantId: 'other',
  keyId: 'other',
  apiId: 'other',
  routeId: 'other',
  planId: 'other',
  planVersion: 9,
  subscriptionId: 'other',
  method: 'POST',
  endpoint: '/other',
  statusCode: 201,
  outcome: 'client_aborted',
  refusal: 'rate-limited',
  billable: false,
  responseTimeMs: 13,
  bytesSent: 513,
  bytesReceived: 1,
  usageUnits: 2,
  quantities: { tokens: '1' },
  dimensions: { region: 'eu' },
  clientIp: '203.0.113.9',
  requestId: 'other',
  nodeId: 'other',
  epoch: 2,
  seq: 2,
  source: 'api',
  count: 2,
}

test.each(Object.entries(OTHERS))('an event with another %s has another digest', (field, value) => {
  const one = digestEvent(usageEvent())
  const other = digestEvent({ ...usageEvent(), [field]: value })
  expect(other.content).not.toEqual(one.content)
  if (field === 'id') expect(other.id).not.toEqual(one.id)
  else expect(other.id).toEqual(one.id)
})

test('the order in which meters were written does not matter', () => {
  const [one, other] = [{ a: '1', 2: '3' }, JSON.parse('{"2":"3","a":"1"}')]
  expect(digestEvent(usageEvent({ quantities: one }))).toEqual(digestEvent(usageEvent({ quantities: other })))
})

test('the digest of an event is what it was when seals were written', () => {
  expect(digestEvent(usageEvent()).content).toEqual({ high: 1_459_706_239, low: 921_540_046 })
  const full = { billable: false, quantities: { a: '1.5' }, dimensions: { r: 'ü' }, leaks: { x: 'y' } }
  expect(digestEvent(usageEvent(full)).content).toEqual({ high: 1_725_515_043, low: 614_798_024 })
})
