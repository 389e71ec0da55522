import { expect, test } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { flowConfig } from '../support/flow-config.ts'
import { Project } from '../support/project.ts'
import { RawClient } from '../support/raw-client.ts'
import { usageRows } from '../support/usage-rows.ts'

const HOUR = 3_600_000
const CALLS = 25
/** The clock is set, one start after the other: an hour ahead, back, behind. */
const STEPS = [0, HOUR, -HOUR]

test.each([
  { at: '2026-03-31T23:30:00Z', zone: 'UTC', why: 'the end of a month' },
  { at: '2028-02-29T23:30:00Z', zone: 'UTC', why: 'the end of a leap day' },
  { at: '2026-03-29T00:30:00Z', zone: 'Europe/Berlin', why: 'the hour that summer time leaves out' },
  { at: '2026-10-25T00:30:00Z', zone: 'Europe/Berlin', why: 'the hour that comes twice' },
])(
  'the clock steps an hour ahead and back at $why: each call has an id of its own, and is in one period',
  async ({ at, zone }) => {
    const upstream = await CountingUpstream.start()
    const config = flowConfig({ upstreamPort: upstream.port, plans: { open: {} } })
    const offsetMs = Date.parse(at) - systemClock.nowMs()
    const shifted = (stepMs: number) => {
      const ms = Math.round(offsetMs + stepMs)
      return { GATEZ_CLOCK: ms < 0 ? String(ms) : `+${ms}` }
    }
    const project = await Project.with(
      { ...config, billing: { timezone: zone } },
      { env: shifted(-2 * HOUR) },
    )
    const secret = await project.tenant('acme', 'open')
    for (const stepMs of STEPS) {
      const serve = await project.serve(shifted(stepMs))
      const client = await RawClient.connect(serve.port)
      for (let call = 0; call < CALLS; call += 1)
        expect((await client.call({ path: '/x', headers: { 'x-api-key': secret } })).status).toBe(200)
      client.destroy()
      expect(await serve.stop()).toBe(0)
    }

    const rows = usageRows(project)
    expect(rows).toHaveLength(CALLS * STEPS.length)
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length)
    // Of each start they rise in the order in which they were counted.
    const bySeq = rows.toSorted((one, next) => one.epoch - next.epoch || one.seq - next.seq)
    for (const epoch of new Set(rows.map((row) => row.epoch))) {
      const ids = bySeq.filter((row) => row.epoch === epoch).map(({ id }) => id)
      expect(ids).toEqual(ids.toSorted())
    }
    const [from, to] = ['2026-01-01', '2029-01-01']
    for (const by of ['day', 'month']) {
      const report = await project.json('usage', 'report', '--from', from, '--to', to, '--by', by)
      expect(report.total.requests).toBe(rows.length)
      const parts = report.rows.map(({ requests }: { requests: number }) => requests)
      expect(parts.reduce((sum: number, each: number) => sum + each, 0)).toBe(rows.length)
    }
  },
)
