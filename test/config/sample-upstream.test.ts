import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { loadConfig } from '../../src/config/load-config.ts'
import { templatesDir } from '../../src/lib/bundle.ts'

const folder = join(templatesDir(), 'dataforge')
let upstream: ChildProcess
let origin = ''

beforeAll(async () => {
  upstream = spawn(process.execPath, [join(folder, 'upstream.js')], {
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  origin = await new Promise<string>((resolve, reject) => {
    upstream.on('exit', () => reject(new Error('the sample upstream ended')))
    upstream.stdout?.on('data', (text) => {
      const found = /http:\/\/\S+/.exec(String(text))?.[0]
      if (found !== undefined) resolve(found)
    })
  })
})

afterAll(() => {
  upstream.removeAllListeners('exit')
  upstream.kill()
})

test.each([
  { method: 'GET', path: '/v1/search?q=ada', status: 200, body: { results: [{ id: '1' }] } },
  { method: 'GET', path: '/v1/lookup/2', status: 200, body: { name: 'Alan Turing' } },
  { method: 'GET', path: '/v1/lookup/none', status: 404, body: { error: 'no such record' } },
  { method: 'GET', path: '/v1/export', status: 200, body: { count: 3 } },
  { method: 'POST', path: '/v1/ingest', status: 202, body: { accepted: true, bytes: 9 } },
  { method: 'POST', path: '/v1/analyze', status: 200, body: { words: 2 } },
  { method: 'GET', path: '/', status: 404, body: { error: 'no such endpoint' } },
])('the sample upstream answers $method $path', async ({ method, path, status, body }) => {
  const response = await fetch(origin + path, { method, ...(method === 'POST' && { body: 'two words' }) })
  expect(response.status).toBe(status)
  expect(await response.json()).toMatchObject(body)
})

test('routes and OpenAPI file of the template name the same endpoints', () => {
  const { apis } = loadConfig(join(folder, 'gatez.yaml'), {})
  const routes = apis.flatMap((api) => api.routes).map(({ id, methods, path }) => `${id} ${methods} ${path}`)
  const document = parse(readFileSync(join(folder, 'dataforge.openapi.yaml'), 'utf8'))
  const described = Object.entries<Record<string, { operationId: string }>>(document.paths).flatMap(
    ([path, methods]) =>
      Object.entries(methods).map(
        ([method, { operationId }]) => `${operationId} ${method.toUpperCase()} ${path}`,
      ),
  )
  expect(described.toSorted()).toEqual(routes.toSorted())
})
