import { execFileSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { request } from 'node:http'
import { expect, test } from 'vitest'
import { flowConfig } from '../support/flow-config.ts'
import { Project } from '../support/project.ts'
import { until } from '../support/until.ts'

const CONFIG = { ...flowConfig({ upstreamPort: 1, plans: { free: {} } }), control: { listen: '127.0.0.1:0' } }

async function scene(config: object = CONFIG) {
  const project = await Project.with(config)
  const serve = await project.serve()
  const port = await until('control listens', () => serve.controlPort || undefined)
  const token = readFileSync(project.path('.gatez/operator-token'), 'utf8').trim()
  const ask = (method: string, path: string, how: { body?: object; headers?: object; token?: string } = {}) =>
    fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: {
        ...{ authorization: `Bearer ${how.token ?? token}`, 'content-type': 'application/json' },
        ...how.headers,
      },
      ...(how.body !== undefined && { body: JSON.stringify(how.body) }),
    })
  return { project, serve, port, token, ask }
}

test('out of the box control is on this machine only, behind a token in a file of its user, for its own hosts and pages', async () => {
  const { project, port, ask } = await scene()
  expect(statSync(project.path('.gatez/operator-token')).mode & 0o777).toBe(0o600)
  const listening = execFileSync('ss', ['-ltnH', `sport = :${port}`]).toString()
  expect(listening).toMatch(new RegExp(`127\\.0\\.0\\.1:${port}\\s`))
  expect(listening).not.toMatch(/0\.0\.0\.0:\d+\s+0\.0\.0\.0|\*:\d+\s+\*|\[::\]/)
  expect((await ask('GET', '/api/v1/tenants', { headers: { authorization: '' } })).status).toBe(401)
  expect((await ask('GET', '/api/v1/tenants')).status).toBe(200)
  expect((await ask('GET', '/api/v1/tenants', { headers: { origin: 'http://evil.test' } })).status).toBe(403)
  expect(await statusFor(port, 'evil.test')).toBe(421)
  expect(await statusFor(port, `localhost:${port}`)).toBe(401)
})

test('a public address without TLS is refused with the reason, before anything starts', async () => {
  for (const field of ['control', 'portal']) {
    const project = new Project()
    project.writeConfig(JSON.stringify({ ...CONFIG, [field]: { listen: '0.0.0.0:8099' } }))
    const { exitCode, stderr } = await project.try('serve')
    expect([exitCode, stderr]).toEqual([
      3,
      expect.stringContaining(`${field}.listen: is open to others than this machine`),
    ])
    expect(stderr).toMatch(/add tls, or behind_proxy: true/)
  }
})

test('commands work through the control API, and say so when it is not there, or not for them', async () => {
  const { project, port, token } = await scene()
  const env = { GATEZ_URL: `http://127.0.0.1:${port}`, GATEZ_TOKEN: token }
  const remote = new Project({ env })
  await remote.run('tenants', 'create', 'acme', '--plan', 'free')
  expect(await project.json('tenants', 'show', 'acme')).toEqual(await remote.json('tenants', 'show', 'acme'))
  const unknown = await remote.try('tenants', 'show', 'nobody')
  expect([unknown.exitCode, unknown.stderr]).toEqual([
    5,
    expect.stringContaining('There is no tenant "nobody".'),
  ])
  const withEnv = (over: object) => new Project({ env: { ...env, ...over } }).try('tenants', 'list')
  expect(await withEnv({ GATEZ_URL: 'http://127.0.0.1:1' })).toMatchObject({
    ...{ exitCode: 7, stderr: expect.stringContaining('Control API unreachable') },
  })
  expect(await withEnv({ GATEZ_TOKEN: 'gzt_wrong' })).toMatchObject({ exitCode: 4 })
  expect(await withEnv({ GATEZ_TOKEN: '' })).toMatchObject({
    exitCode: 4,
    stderr: expect.stringContaining('GATEZ_TOKEN'),
  })
  expect(await withEnv({ GATEZ_URL: 'localhost' })).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('GATEZ_URL'),
  })
})

test('a request with an Idempotency-Key is done once, also when the gateway is killed in the middle of many', async () => {
  const { project, serve, ask } = await scene()
  const create = (number: number, send = ask) =>
    send('POST', '/api/v1/tenants', {
      body: { id: `t${number}`, plan: 'free' },
      headers: { 'idempotency-key': `k${number}` },
    })
  const answers = Array.from({ length: 30 }, async (_, number) => (await create(number)).status)
  const settled = Promise.allSettled(answers)
  await answers[5]
  await serve.kill()
  const broken = (await settled).filter(({ status }) => status === 'rejected')
  expect(broken.length).toBeGreaterThan(0)
  const again = await project.serve()
  const port = await until('control listens', () => again.controlPort || undefined)
  const token = readFileSync(project.path('.gatez/operator-token'), 'utf8').trim()
  for (let number = 0; number < 30; number += 1) {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/tenants`, {
      method: 'POST',
      headers: {
        ...{
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          'idempotency-key': `k${number}`,
        },
      },
      body: JSON.stringify({ id: `t${number}`, plan: 'free' }),
    })
    expect([number, response.status]).toEqual([number, 201])
  }
  const tenants = await project.json('tenants', 'list')
  expect(tenants).toHaveLength(30)
})

/** `fetch` does not let its caller choose a host. */
function statusFor(port: number, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request({ port, host: '127.0.0.1', path: '/api/v1/tenants', headers: { host } }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
      .on('error', reject)
      .end()
  })
}
