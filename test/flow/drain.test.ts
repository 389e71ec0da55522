import type { ServerResponse } from 'node:http'
import { beforeEach, describe, expect, test } from 'vitest'
import { freePort } from '../../src/cli/demo/free-port.ts'
import { checkBill } from '../crash/bill-check.ts'
import { callSome, crashScene } from '../crash/scene.ts'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { flowConfig } from '../support/flow-config.ts'
import { Project } from '../support/project.ts'
import { RawClient } from '../support/raw-client.ts'
import { until } from '../support/until.ts'
import { usageRows } from '../support/usage-rows.ts'

let upstream: CountingUpstream
let project: Project
let headers: Record<string, string>

beforeEach(async () => {
  upstream = await CountingUpstream.start()
  project = await Project.with(flowConfig({ upstreamPort: upstream.port, plans: { open: {} } }))
  headers = { 'x-api-key': await project.tenant('acme', 'open') }
})

describe('on SIGTERM', () => {
  test('a slow call ends as if nothing happened, its event is in the ledger, and the exit code is 0', async () => {
    const started = Promise.withResolvers<ServerResponse>()
    upstream.answer = (_request, response) => started.resolve(response)
    const serve = await project.serve()
    const [slow, idle] = [await RawClient.connect(serve.port), await RawClient.connect(serve.port)]
    const answered = slow.call({ path: '/slow', headers })
    const response = await started.promise
    serve.terminate()
    await until('no new connection is taken', async () => {
      const connected = await RawClient.connect(serve.port).then(
        () => true,
        () => false,
      )
      return connected ? undefined : true
    })
    expect(serve.running).toBe(true)
    expect(idle.busy).toBe(false)
    response.end('done')
    const answer = await answered
    expect(answer.body.toString()).toBe('done')
    expect(answer.headers.get('connection')).toBe('close')
    expect(await serve.exitCode()).toBe(0)
    expect(serve.stdout).toContain('Every event is in the ledger.')
    const { total } = await project.json('usage', 'report')
    expect(total).toMatchObject({ requests: 1, billable: 1 })
    expect(usageRows(project)).toMatchObject([{ outcome: 'ok', endpoint: '/slow' }])
  })

  test('the first call ends as well, before control is there', async () => {
    const port = await freePort(0)
    project.changeConfig((text) => text.replace('127.0.0.1:0', `127.0.0.1:${port}`))
    const started = Promise.withResolvers<ServerResponse>()
    upstream.answer = (_request, response) => started.resolve(response)
    const serve = project.spawnServe()
    const client = await until('calls are taken', () => RawClient.connect(port).catch(() => undefined))
    const answered = client.call({ path: '/first', headers })
    const response = await started.promise
    serve.terminate()
    await until('it is told', () => (serve.stdout.includes('SIGTERM') ? true : undefined))
    response.end('done')
    expect((await answered).body.toString()).toBe('done')
    expect(await serve.exitCode()).toBe(0)
    expect(usageRows(project)).toMatchObject([{ outcome: 'ok', endpoint: '/first' }])
  })

  test('a second one ends it at once', async () => {
    const started = Promise.withResolvers<ServerResponse>()
    upstream.answer = (_request, response) => started.resolve(response)
    const serve = await project.serve()
    const client = await RawClient.connect(serve.port)
    const call = client.call({ path: '/slow', headers })
    await started.promise
    serve.terminate()
    await until('it is told', () => (serve.stdout.includes('SIGTERM') ? true : undefined))
    serve.terminate()
    await expect(call).rejects.toThrow('broke')
    expect(await serve.exitCode()).toBe(1)
  })
})

test('restarts under load lose nothing: received, billed and seen upstream are the same calls', async () => {
  const { project, load, upstream } = await crashScene('disk')
  for (let round = 0; round < 3; round += 1) {
    const serve = await project.serve()
    const enough = load.received.size + 500
    load.onReceived = () => {
      if (load.received.size === enough) serve.terminate()
    }
    await load.run(serve, 32)
    expect(await serve.exitCode()).toBe(0)
  }
  const last = await project.serve()
  await callSome(load, last, 100)
  expect(await last.stop()).toBe(0)
  expect(load.refused).toEqual([])
  expect(checkBill(project, load)).toEqual({ lost: [], invented: [], twice: [], inFlight: [] })
  expect(new Set(upstream.calls.keys())).toEqual(new Set(load.received.keys()))
  expect(upstream.seen).toBe(load.received.size)
})
