import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { flowConfig } from '../support/flow-config.ts'
import { Project } from '../support/project.ts'
import { RawClient } from '../support/raw-client.ts'
import { until } from '../support/until.ts'

// How long it takes is measured by test/bench/visible.ts, on a machine that does nothing else. Here: that load
// does not put it off.

const [MARKS, CONNECTIONS, EVERY_MS] = [5, 20, 20]
/** A second is the promise; a machine that runs all tests at once may be slower. */
const WITHIN_MS = 4_000

test('a call is in the usage report soon after its last byte, while others pass, up to a thousand a second', async () => {
  const upstream = await CountingUpstream.start()
  const project = await Project.with(
    flowConfig({ upstreamPort: upstream.port, threads: 2, plans: { open: {} } }),
  )
  const noise = { 'x-api-key': await project.tenant('noise', 'open') }
  const marked = { 'x-api-key': await project.tenant('marked', 'open') }
  const serve = await project.serve()
  let over = false
  let made = 0
  const callInTurn = async () => {
    const client = await RawClient.connect(serve.port)
    while (!over) {
      made += 1
      await Promise.all([client.call({ path: '/x', headers: noise }), pause(EVERY_MS)])
    }
    client.destroy()
  }
  const others = Array.from({ length: CONNECTIONS }, callInTurn)
  const client = await RawClient.connect(serve.port)
  for (let mark = 1; mark <= MARKS; mark += 1) {
    await client.call({ path: '/x', headers: marked })
    const look = async () => {
      const { total } = await project.json('usage', 'report', '--tenant', 'marked')
      return total.requests === mark ? true : undefined
    }
    await until(`call ${mark} is in the report`, look, WITHIN_MS)
  }
  over = true
  await Promise.all(others)
  expect(await serve.stop()).toBe(0)
  expect((await project.json('usage', 'report')).total.requests).toBe(made + MARKS)
  expect(made).toBeGreaterThan(500)
})
