import { expect, test } from 'vitest'
import { tailHeading, tailLine } from '../../src/cli/tail-line.ts'
import { usageEvent } from '../support/usage-events.ts'

const long = usageEvent({
  tenantId: 'a-tenant-with-a-very-long-name',
  keyId: 'key_0w2faxxavqnzhv1sdy6d',
  endpoint: `/v1/${'lookup/'.repeat(40)}`,
})

test.each([80, 100, 110, 132, 200])('a line and its heading fit %d columns', (width) => {
  expect([...tailLine(long, width)].length).toBeLessThanOrEqual(width)
  expect([...tailHeading(width)].length).toBeLessThanOrEqual(width)
})

test('in 80 columns method, path, status, ms, tenant and key stand side by side, cut where they are long', () => {
  expect(tailLine(long, 80)).toBe(
    '00:00:00  GET     /v1/lookup/lookup/…     200     12  a-tenant-w…  key_0w2faxxa…',
  )
  expect(tailLine(usageEvent({ statusCode: 0, tenantId: '', keyId: '' }), 80)).toBe(
    '00:00:00  GET     /v1/search                –     12  –            –',
  )
})

test('a row that stands for many says so, and nothing in a path moves the cursor', () => {
  expect(tailLine(usageEvent({ count: 37 }), 100)).toContain('/v1/search (37 calls)')
  expect(tailLine(usageEvent({ endpoint: '/\u001b[2J' }), 100)).not.toContain('\u001b[2J')
})

test('what was reported, taken back, or is a part of a call says so', () => {
  const event = { method: '', endpoint: 'orders', statusCode: 0, count: 0, source: 'api', responseTimeMs: 0 }
  expect(tailLine(usageEvent(event), 80)).toBe(
    '00:00:00  event   orders                    –      –  acme         key_1',
  )
  const back = { source: 'adjustment', count: -1, responseTimeMs: -12 }
  expect(tailLine(usageEvent(back), 80)).toMatch(/^00:00:00 {2}void {4}\/v1\/search {14}200 {6}– /)
  expect(tailLine(usageEvent({ count: 0 }), 80)).toContain('/v1/search (end)')
})
