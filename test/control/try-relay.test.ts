import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { TRY_KEY_MS } from '../../src/access/make-try-key.ts'
import { hashSecret } from '../../src/model/key.ts'
import { startControl } from '../support/control.ts'

/** A control API in front of what stands for the gateway, which says what came. */
async function scene() {
  const seen: { url: string; method: string; headers: IncomingMessage['headers']; body: string }[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const piece of request) body += piece
    seen.push({ url: request.url!, method: request.method!, headers: request.headers, body })
    response.writeHead(request.url === '/v1/none' ? 418 : 200, {
      'content-type': 'text/html',
      'set-cookie': 'gatez_session=stolen',
      'content-security-policy': "default-src 'unsafe-inline'",
      'access-control-allow-origin': '*',
      'clear-site-data': '"*"',
      'x-ratelimit-remaining': '7',
      location: 'https://elsewhere.example/',
    })
    response.end('<script>alert(1)</script>')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const gatewayAt = { host: '127.0.0.1', port, speaksTls: false }
  const control = await startControl({}, { isPortal: false, gatewayAt })
  await control.client().call('createTenant', { id: 'acme', plan: 'pro' })
  const ann = await control.member('acme', 'ann@example.com', 'developer')
  const send = (method: string, path: string, headers: Readonly<Record<string, string>>, body?: object) =>
    control.ask(method, `/api/portal/v1/try/${path}`, { headers, ...(body !== undefined && { body }) })
  return { ...control, ann, seen, send }
}

test('a call that is tried goes out with a key of the tenant, and nothing of the session', async () => {
  const { ann, seen, send, store } = await scene()
  const answer = await send(
    'POST',
    'shop/v1/analyze?deep=1',
    { ...ann.headers, 'x-note': 'mine' },
    { text: 'a' },
  )
  expect([answer.status, answer.headers.get('x-ratelimit-remaining')]).toEqual([200, '7'])
  const [call] = seen
  expect(call).toMatchObject({ method: 'POST', url: '/v1/analyze?deep=1', body: '{"text":"a"}' })
  expect(call!.headers).toMatchObject({ 'x-note': 'mine', 'x-api-key': expect.stringMatching(/^gz_live_/) })
  for (const name of ['cookie', 'x-csrf-token', 'authorization', 'origin'])
    expect(call!.headers).not.toHaveProperty(name)
  const grant = await store.keys.grantByHash(hashSecret(String(call!.headers['x-api-key'])))
  expect(grant).toMatchObject({ tenantId: 'acme', keyMode: 'live' })
})

test('nothing comes back that could change the page it is shown on', async () => {
  const { ann, send } = await scene()
  const { headers } = await send('GET', 'shop/v1/search', ann.headers)
  expect(headers.get('set-cookie')).toBeNull()
  expect(headers.get('content-security-policy')).toBe("default-src 'none'; frame-ancestors 'none'")
  for (const name of ['access-control-allow-origin', 'clear-site-data', 'location'])
    expect(headers.get(name)).toBeNull()
  expect(headers.get('x-location')).toBe('https://elsewhere.example/')
  expect((await send('GET', 'shop/v1/none', ann.headers)).status).toBe(418)
})

test('a GET needs the token of the session too, and roles that may call', async () => {
  const { ann, member, seen, send } = await scene()
  const { cookie } = ann.headers
  expect((await send('GET', 'shop/v1/search', { cookie: cookie! })).json.code).toBe('csrf-token-invalid')
  const vic = await member('acme', 'vic@example.com', 'viewer')
  expect((await send('GET', 'shop/v1/search', vic.headers)).json.code).toBe('not-permitted')
  expect((await send('GET', 'other/v1/search', ann.headers)).json.code).toBe('not-found')
  expect(seen).toEqual([])
})

test('the key serves for a while, then another; it is in no list and takes no place', async () => {
  const { ann, ask, clock, seen, send, client } = await scene()
  await send('GET', 'shop/v1/search', ann.headers)
  await send('GET', 'shop/v1/search', ann.headers)
  clock.advance(TRY_KEY_MS)
  await send('GET', 'shop/v1/search', ann.headers)
  const [first, second, third] = seen.map(({ headers }) => headers['x-api-key'])
  expect(second).toBe(first)
  expect(third).not.toBe(first)
  expect((await ask('GET', '/api/portal/v1/keys', { headers: ann.headers })).json.data).toEqual([])
  expect((await client().call('showTenant', { tenant: 'acme' })).keys_held).toBe(0)
})
