import { expect, test } from 'vitest'
import { doorApp } from '../../src/control/door-app.ts'
import { startControl } from '../support/control.ts'

const OPEN = { metrics: { access: 'open' } }

/** The door, and the paths it left to the control API. */
async function startDoor(telemetry: object, isPortal = false) {
  const { parts, token } = await startControl({ telemetry })
  const left: string[] = []
  const app = doorApp(parts, { isPortal, host: '127.0.0.1' }, async (request) => {
    left.push(new URL(request.url).pathname)
    return new Response('the rest', { status: 201, headers: { 'x-of': 'the rest' } })
  })
  const ask = async (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    app.fetch(new Request(`http://127.0.0.1${path}`, { method, headers }))
  return { ask, left, token }
}

test('probes and scrapes are answered without the control API', async () => {
  const { ask, left } = await startDoor(OPEN)
  const answers = await Promise.all(['/healthz', '/readyz', '/metrics'].map((path) => ask(path)))
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
  expect(await answers[2]?.text()).toContain('gatez_metering_up 1\n')
  expect(answers.map(({ headers }) => headers.get('x-content-type-options'))).toEqual(
    Array.from(answers, () => 'nosniff'),
  )
  expect(left).toEqual([])
})

test('all else is left to it and comes back as it answered, with nothing added', async () => {
  const { ask, left } = await startDoor(OPEN)
  for (const [path, method] of [
    ['/', 'GET'],
    ['/portal/', 'GET'],
    ['/metrics', 'POST'],
    ['/api/v1/tenants?x=1', 'DELETE'],
  ] as const) {
    const answer = await ask(path, {}, method)
    expect([path, answer.status, await answer.text()]).toEqual([path, 201, 'the rest'])
    if (path !== '/metrics') expect([...answer.headers.keys()].sort()).toEqual(['content-type', 'x-of'])
  }
  expect(left).toEqual(['/', '/portal/', '/metrics', '/api/v1/tenants'])
})

test('metrics by tenant are of reports, so they are left to it', async () => {
  const { ask, left } = await startDoor({ metrics: { access: 'open', tenants: true } })
  expect((await ask('/metrics')).status).toBe(201)
  expect(left).toEqual(['/metrics'])
})

test('the door of the portal leaves metrics to it, which has none', async () => {
  const { ask, left } = await startDoor(OPEN, true)
  expect((await ask('/metrics')).status).toBe(201)
  expect(left).toEqual(['/metrics'])
})

test.each([
  [{}, 401, 'missing-token'],
  [{ authorization: `Bearer gzt_${'0'.repeat(40)}` }, 401, 'invalid-token'],
  [{ host: 'evil.example' }, 421, 'misdirected-request'],
  [{ origin: 'http://evil.example' }, 403, 'foreign-origin'],
])('with %j the door refuses as the control API does', async (headers, status, code) => {
  const { ask, left } = await startDoor({ metrics: { access: 'token' } })
  const answer = await ask('/metrics', headers)
  const problem = (await answer.json()) as { code: string }
  expect([answer.status, problem.code, left]).toEqual([status, code, []])
})

test('a token that may read is enough', async () => {
  const { ask, token } = await startDoor({ metrics: { access: 'token' } })
  expect((await ask('/metrics', { authorization: `Bearer ${await token('read')}` })).status).toBe(200)
})
