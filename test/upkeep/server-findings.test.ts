import { expect, test } from 'vitest'
import { counterServerFindings } from '../../src/upkeep/check-counter-server.ts'
import { serverFindings } from '../../src/upkeep/check-server.ts'
import { usageServerFindings } from '../../src/upkeep/check-usage-server.ts'

/** Servers that are well; none that is too old, or almost full, can be had for a test. */
const WELL = {
  ...{ version: '17.2', user: 'gatez', missing: [], latencyMs: 0.4, isEncrypted: true, isLoopback: false },
  clockSkewMs: 0,
}
const CONTROL = {
  ...{ ...WELL, versionNumber: 170_002, isSuperuser: false, isStandby: false, mayCreate: true },
  ...{ commitsDurably: true, connectionsMax: 200, schema: 17, schemaKnown: 17, excess: [] },
}
const USAGE = { ...WELL, release: [25, 8], schema: 1, schemaKnown: 1, freeBytes: 100 * 1024 ** 3 } as const
const COUNTERS = {
  ...WELL,
  release: [7, 4],
  ...{ place: 'rediss://redis.internal:6379/0', refusesWrites: undefined },
  ...{ evicts: false, usedBytes: 1024 ** 2, maxBytes: 0, answerMsMax: 50, isTrusted: true },
} as const

test('servers that are well raise no word', () => {
  const findings = [
    ...serverFindings(CONTROL),
    ...usageServerFindings(USAGE),
    ...counterServerFindings(COUNTERS),
  ]
  expect(findings.filter(({ verdict }) => verdict !== 'ok')).toEqual([])
  expect(findings).toHaveLength(17)
})

test.each([
  {
    found: serverFindings({ ...CONTROL, version: '13.9', versionNumber: 130_009 }),
    says: 'Postgres 13.9; gatez needs 14 or newer',
  },
  {
    found: usageServerFindings({ ...USAGE, version: '24.7.1', release: [24, 7] }),
    says: 'ClickHouse 24.7.1; gatez needs 24.8 or newer',
  },
  {
    found: counterServerFindings({ ...COUNTERS, version: '6.0.16', release: [6, 0] }),
    says: 'Redis 6.0.16 at rediss://redis.internal:6379/0; gatez needs 6.2 or newer',
  },
])('a server that is too old is a failure: $says', ({ found, says }) => {
  expect(found.filter(({ verdict }) => verdict !== 'ok')).toEqual([
    expect.objectContaining({ verdict: 'failure', detail: says, fix: 'Upgrade the server.' }),
  ])
})

test.each([
  {
    what: 'a standby takes no writes',
    found: serverFindings({ ...CONTROL, isStandby: true }),
    check: 'control store',
    fix: /Name the primary/,
  },
  {
    what: 'a far server without encryption',
    found: serverFindings({ ...CONTROL, isEncrypted: false }),
    check: 'control latency',
    fix: /sslmode=verify-full/,
  },
  {
    what: 'too few connections for a node',
    found: serverFindings({ ...CONTROL, connectionsMax: 20 }),
    check: 'control latency',
    fix: /max_connections/,
  },
  {
    what: 'a far ClickHouse without encryption',
    found: usageServerFindings({ ...USAGE, isEncrypted: false }),
    check: 'usage log latency',
    fix: /clickhouse\+https/,
  },
  {
    what: 'a disk that is nearly full',
    found: usageServerFindings({ ...USAGE, freeBytes: 1024 ** 3 }),
    check: 'usage log disk',
    fix: /retention_days/,
  },
  {
    what: 'tables of a newer gatez',
    found: usageServerFindings({ ...USAGE, schema: 2 }),
    check: 'usage log schema',
    fix: /newer gatez/,
  },
  {
    what: 'a Redis that is far away',
    found: counterServerFindings({ ...COUNTERS, latencyMs: 30 }),
    check: 'counters latency',
    fix: /nearer/,
  },
  {
    what: 'a Redis whose memory is nearly full',
    found: counterServerFindings({ ...COUNTERS, usedBytes: 99, maxBytes: 100 }),
    check: 'counters memory',
    fix: /maxmemory/,
  },
])('$what is told of, with what to do', ({ found, check, fix }) => {
  expect(found.filter(({ verdict }) => verdict !== 'ok')).toEqual([
    expect.objectContaining({ check, fix: expect.stringMatching(fix) }),
  ])
})
