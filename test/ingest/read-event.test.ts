import { describe, expect, test } from 'vitest'
import { readEvent } from '../../src/ingest/read-event.ts'
import { parseExactJson } from '../../src/lib/exact-json.ts'
import { incoming } from '../support/incoming-events.ts'

const read = (json: string) => readEvent(parseExactJson(json))

const CLOUD_EVENT = {
  specversion: '1.0',
  id: 'a1',
  source: '/billing',
  type: 'compute_ms',
  subject: 'acme',
  time: '2026-03-10T11:59:00Z',
  data: { value: 145, region: 'eu' },
}

const cloud = (overrides: Readonly<Record<string, unknown>> = {}) =>
  read(JSON.stringify({ ...CLOUD_EVENT, ...overrides }))

describe('an event', () => {
  test('is read as it stands in the documentation', () => {
    expect(
      read('{"tenant_id":"cust_884","metric":"api_compute_ms","value":145,"idempotency_key":"txn_009912"}'),
    ).toEqual({
      tenant: 'cust_884',
      source: '',
      id: 'txn_009912',
      metric: 'api_compute_ms',
      value: { text: '145' },
      timestampMs: undefined,
      properties: {},
      hash: expect.stringMatching(/^[0-9a-f]{32}$/),
    })
  })

  test('may have a time, a source and properties; its number keeps every digit', () => {
    const json = `{"tenant_id":"a","metric":"m","value":12345678901234567890.000000000000001,"idempotency_key":"k",
      "timestamp":"2026-03-10T12:00:00.5+01:00","source":"svc","properties":{"n":0.1,"deep":{"x":[1]}}}`
    expect(read(json)).toMatchObject({
      source: 'svc',
      value: { text: '12345678901234567890.000000000000001' },
      timestampMs: Date.UTC(2026, 2, 10, 11, 0, 0, 500),
      properties: { n: { text: '0.1' }, deep: { x: [{ text: '1' }] } },
    })
  })

  test.each([
    { fields: { value: 145, idempotency_key: undefined }, says: 'idempotency_key is missing' },
    { fields: { idempotency_key: '' }, says: 'idempotency_key is empty' },
    { fields: { idempotency_key: ' \t ' }, says: 'idempotency_key is empty' },
    { fields: { idempotency_key: 7 }, says: 'idempotency_key is 7; it must be text' },
    { fields: { idempotency_key: 'a'.repeat(257) }, says: 'idempotency_key is longer than 256 characters' },
    { fields: { idempotency_key: 'a\nb' }, says: 'idempotency_key holds a line break' },
    { fields: { idempotency_key: '\ud800' }, says: 'idempotency_key holds a line break' },
    { fields: { metric: null }, says: 'metric is missing' },
    { fields: { metric: 'a\u2028b' }, says: 'metric holds a line break' },
    { fields: { value: true }, says: 'value is true; it must be a number' },
    { fields: { value: [1] }, says: 'value is [1]; it must be a number' },
    { fields: { value: '' }, says: 'value is ""; it must be a number' },
    { fields: { timestamp: 1_773_144_000 }, says: 'timestamp is 1773144000; it must be a time' },
    { fields: { timestamp: '2026-02-30' }, says: 'timestamp is "2026-02-30"; it must be a time' },
    { fields: { timestamp: '1970-01-21T12:00:00Z' }, says: 'timestamp is "1970-01-21T12:00:00Z"' },
    { fields: { properties: [] }, says: 'properties is []; it must be an object' },
    { fields: { properties: { x: 'y'.repeat(70_000) } }, says: 'the event is longer than 65536 characters' },
    {
      fields: { idempotencykey: 'x' },
      says: 'there is no field "idempotencykey" (did you mean idempotency_key?)',
    },
    { fields: { __proto: 1 }, says: 'there is no field "__proto"' },
  ])('with $fields is refused: $says', ({ fields, says }) => {
    expect(incoming(fields)).toEqual({ code: 'invalid-event', fault: expect.stringContaining(says) })
  })

  test.each(['null', '7', '"x"', '[]', 'true'])('that is %s is none', (json) => {
    expect(read(json)).toEqual({ code: 'invalid-event', fault: 'the event must be a JSON object' })
  })
})

describe('a CloudEvent', () => {
  test('is the same event under other names', () => {
    const { hash, ...event } = cloud() as any
    expect(event).toEqual({
      tenant: 'acme',
      source: '/billing',
      id: 'a1',
      metric: 'compute_ms',
      value: { text: '145' },
      timestampMs: Date.UTC(2026, 2, 10, 11, 59),
      properties: { region: 'eu' },
    })
    const plain = incoming({
      ...{ source: '/billing', idempotency_key: 'a1', timestamp: '2026-03-10T11:59:00Z' },
      properties: { region: 'eu' },
    })
    expect(plain).toMatchObject({ hash })
  })

  test('may have a bare value as its data, no data at all, and attributes we do not know', () => {
    expect(cloud({ data: '0.5' })).toMatchObject({ value: '0.5', properties: {} })
    expect(cloud({ data: undefined })).toMatchObject({ value: undefined, properties: {} })
    expect(cloud({ traceparent: '00-1', dataschema: 'urn:x' })).toMatchObject({ id: 'a1' })
  })

  test.each([
    { fields: { specversion: '0.3' }, says: 'specversion is "0.3"; it must be "1.0"' },
    { fields: { id: undefined }, says: 'id is missing' },
    { fields: { source: undefined }, says: 'source is missing' },
    { fields: { type: '' }, says: 'type is empty' },
    { fields: { time: 'now' }, says: 'time is "now"' },
    { fields: { time: 1_772_323_200 }, says: 'time is 1772323200' },
    { fields: { data_base64: 'AA==' }, says: 'data_base64 is not read' },
    { fields: { datacontenttype: 'text/xml' }, says: 'datacontenttype is "text/xml"; data must be JSON' },
    { fields: { data: { value: {} } }, says: 'data.value is {}' },
    { fields: { data: [1] }, says: 'data.value is [1]' },
  ])('with $fields is refused: $says', ({ fields, says }) => {
    expect(cloud(fields)).toEqual({ code: 'invalid-event', fault: expect.stringContaining(says) })
  })
})

describe('the hash of an event', () => {
  const hashOf = (fields: Readonly<Record<string, unknown>>) => (incoming(fields) as any).hash

  test.each([
    { fields: { value: '145' }, why: 'a number in quotes' },
    { fields: { value: '145.0' }, why: 'a zero more' },
    { fields: { tenant_id: 'external-id' }, why: 'who it is for is part of its identity' },
    { fields: { idempotency_key: 'other', source: 'x' }, why: 'so are its id and its source' },
    { fields: { properties: {}, timestamp: null }, why: 'nothing said is nothing said' },
  ])('is the same with $fields: $why', ({ fields }) => {
    expect(hashOf(fields)).toBe(hashOf({}))
  })

  test.each([
    { fields: { value: 146 } },
    { fields: { value: undefined } },
    { fields: { metric: 'other' } },
    { fields: { timestamp: '2026-03-10T12:00:00Z' } },
    { fields: { properties: { a: 1 } } },
    { fields: { value: '0145' } },
  ])('is another with $fields', ({ fields }) => {
    expect(hashOf(fields)).not.toBe(hashOf({}))
  })
})
