import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parseStatusFilter, tailUsage } from '../../src/metering/tail-usage.ts'
import { openUsageLog } from '../../src/storage/open.ts'
import { storesIn } from '../support/control-store.ts'
import { tempDir } from '../support/temp-dir.ts'
import { usageEvent } from '../support/usage-events.ts'

async function openLog() {
  const usageLog = await openUsageLog(storesIn(join(tempDir())))
  onTestFinished(() => usageLog[Symbol.asyncDispose]())
  return usageLog
}

const events = (...seqs: readonly number[]) => seqs.map((seq) => usageEvent({ seq }))

describe('the last calls', () => {
  test('are the newest that match, in the order of time, however they were appended', async () => {
    const usageLog = await openLog()
    await usageLog.append([...events(3, 1, 2), usageEvent({ seq: 4, tenantId: 'globex' })])
    const request = { last: 2, follow: false, signal: new AbortController().signal }
    const seqsOf = async (filter: object) =>
      (await Array.fromAsync(tailUsage({ usageLog }, { ...request, ...filter }))).flat().map(({ seq }) => seq)
    expect(await seqsOf({})).toEqual([3, 4])
    expect(await seqsOf({ tenantId: 'acme' })).toEqual([2, 3])
    expect(await seqsOf({ statuses: [[400, 499]] })).toEqual([])
    expect(await seqsOf({ last: 0 })).toEqual([])
    expect(await seqsOf({ last: 100 })).toEqual([1, 2, 3, 4])
  })

  test('are found behind thousands that do not match', async () => {
    const usageLog = await openLog()
    await usageLog.append([
      usageEvent({ seq: 1, routeId: 'rare' }),
      ...events(...Array.from({ length: 2_500 }, (_, index) => index + 2)),
    ])
    const request = { last: 5, follow: false, signal: new AbortController().signal, routeId: 'rare' }
    expect((await Array.fromAsync(tailUsage({ usageLog }, request))).flat()).toEqual([
      usageEvent({ seq: 1, routeId: 'rare' }),
    ])
  })
})

test('of a call that is metered in parts only the first and the last are shown, if so asked', async () => {
  const usageLog = await openLog()
  const open = { outcome: 'open', requestId: 'r' } as const
  await usageLog.append([
    usageEvent({ seq: 1, ...open }),
    usageEvent({ seq: 2, ...open, count: 0 }),
    usageEvent({ seq: 3, ...open, count: 0, outcome: 'ok' }),
  ])
  const request = { last: 10, follow: false, signal: new AbortController().signal }
  const seqs = async (parts?: 'ends') =>
    (await Array.fromAsync(tailUsage({ usageLog }, { ...request, parts }))).flat().map(({ seq }) => seq)
  expect(await seqs('ends')).toEqual([1, 3])
  expect(await seqs()).toEqual([1, 2, 3])
})

test('new calls come as they are appended, each once, and an abort ends the wait', async () => {
  const usageLog = await openLog()
  await usageLog.append(events(1))
  const end = new AbortController()
  const tail = tailUsage({ usageLog }, { last: 0, follow: true, signal: end.signal })
  const seen: number[] = []
  const next = tail.next()
  await usageLog.append(events(2, 3))
  seen.push(...((await next).value ?? []).map(({ seq }) => seq))
  const another = tail.next()
  await usageLog.append(events(4))
  seen.push(...((await another).value ?? []).map(({ seq }) => seq))
  const waiting = tail.next()
  end.abort()
  expect((await waiting).done).toBe(true)
  expect(seen).toEqual([2, 3, 4])
})

describe('--status', () => {
  test.each([
    { written: '429', ranges: [[429, 429]] },
    {
      written: '4xx, 5XX',
      ranges: [
        [400, 499],
        [500, 599],
      ],
    },
    { written: '500-504', ranges: [[500, 504]] },
  ])('$written is read', ({ written, ranges }) => {
    expect(parseStatusFilter(written)).toEqual(ranges)
  })

  test.each(['', 'ok', '6xx', '42', '504-500', '4xx,'])('%j is refused', (written) => {
    expect(() => parseStatusFilter(written)).toThrow('--status is')
  })
})
