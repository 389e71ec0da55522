import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { ROOT } from '../architecture/source-files.ts'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { flowConfig } from '../support/flow-config.ts'
import { Project } from '../support/project.ts'
import { until } from '../support/until.ts'

/** The recipe as users read it. */
const RECIPE = /```nginx\n([\s\S]*?)```/.exec(readFileSync(join(ROOT, 'docs/verify.md'), 'utf8'))![1]!

test('nginx lets calls through or not by what gatez says, with the recipe of the documentation', async () => {
  const upstream = await CountingUpstream.start()
  const plans = { free: { limits: [{ requests: 3, per: 'hour' }] } }
  const routes = [{ id: 'search', match: 'GET /v1/search' }]
  const config = { ...flowConfig({ upstreamPort: 1, plans, routes }), control: { listen: '127.0.0.1:0' } }
  const project = await Project.with(config)
  const secret = await project.tenant('acme', 'free')
  const { secret: token } = await project.json('tokens', 'create', 'edge', '--scope', 'verify')
  const serve = await project.serve()
  const control = await until('control listens', () => serve.controlPort || undefined)
  const port = await startNginx(project.path('nginx'), {
    ...{ '127.0.0.1:8081': `127.0.0.1:${control}`, 'http://your_api': `http://127.0.0.1:${upstream.port}` },
    'gzt_…': token,
  })
  const call = async (path: string, headers: Record<string, string>) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers })
    await response.text()
    return response
  }
  const statuses: number[] = []
  const [byHeader, byBearer] = [{ 'x-api-key': secret }, { authorization: `Bearer ${secret}` }]
  for (const headers of [byHeader, byBearer, byHeader, byHeader])
    statuses.push((await call('/v1/search?q=1', headers)).status)
  expect(statuses).toEqual([200, 200, 200, 429])
  const refused = await call('/v1/search', byHeader)
  expect([refused.status, refused.headers.get('x-gatez-code')]).toEqual([429, 'RATE_LIMITED'])
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(3_000)
  expect((await call('/v1/search', {})).status).toBe(401)
  expect((await call('/v1/search', { 'x-api-key': `${secret.slice(0, -1)}!` })).status).toBe(401)
  expect((await call('/v2', byHeader)).status).toBe(404)
  expect([...upstream.calls.values()].reduce((sum, count) => sum + count, 0)).toBe(3)

  const report = await until('the calls are in the ledger', async () => {
    const found = await project.json('usage', 'report', '--by', 'route')
    return found.total.billable === 3 ? found : undefined
  })
  expect(report.rows).toMatchObject([{ route_id: 'search', billable: 3 }])
  expect(await project.json('reconcile')).toMatchObject({ equal: true })
})

/** A real nginx with the recipe, in which words are replaced; ended when the test is over. */
async function startNginx(folder: string, words: Readonly<Record<string, string>>): Promise<number> {
  mkdirSync(folder, { recursive: true })
  const port = await freePort()
  const server = Object.entries(words).reduce((text, [word, by]) => text.replaceAll(word, by), RECIPE)
  const temps = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  )
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; pid ${folder}/pid; error_log ${folder}/error.log; events {}
     http { access_log off; ${temps.join(' ')} server { listen 127.0.0.1:${port}; ${server} } }`,
  )
  const child = spawn('nginx', [
    '-p',
    folder,
    '-c',
    join(folder, 'nginx.conf'),
    '-e',
    join(folder, 'error.log'),
  ])
  const closed = once(child, 'close')
  onTestFinished(async () => {
    child.kill('SIGTERM')
    await closed
  })
  await until('nginx listens', async () => {
    if (child.exitCode !== null) throw new Error(readFileSync(join(folder, 'error.log'), 'utf8'))
    return fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => undefined,
    )
  })
  return port
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
