import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { beforeEach, expect, test } from 'vitest'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { Project } from '../support/project.ts'
import type { ServeProcess } from '../support/serve-process.ts'
import { until } from '../support/until.ts'

let upstream: CountingUpstream
let project: Project

beforeEach(async () => {
  upstream = await CountingUpstream.start()
  project = new Project()
})

function serve(): Promise<ServeProcess> {
  return project.serveWith('--upstream', `http://127.0.0.1:${upstream.port}`, '--listen', '127.0.0.1:0')
}

/** What it printed, once that is so. */
function printed(serving: ServeProcess, pattern: RegExp): Promise<RegExpExecArray> {
  return until(String(pattern), () => pattern.exec(serving.stdout) ?? undefined)
}

async function status(serving: ServeProcess, path: string, key?: string): Promise<number> {
  const headers: Record<string, string> = key === undefined ? {} : { 'x-api-key': key }
  const answer = await fetch(`http://127.0.0.1:${serving.port}${path}`, { headers })
  await answer.arrayBuffer()
  return answer.status
}

test('from an empty folder to the first billed call: one command, and the line of curl it prints', async () => {
  const serving = await serve()
  const [, key, url] = await printed(serving, /curl -i -H 'x-api-key: (gz_live_\w+)' (http:\S+)\n/)
  expect(url).toBe(`http://127.0.0.1:${serving.port}/`)
  expect(await status(serving, '/any/path')).toBe(401)
  expect(await status(serving, '/any/path', key)).toBe(200)
  const [, seconds] = await printed(
    serving,
    /First billed call (\d+\.\d) s after start: GET \/any\/path 200\n/,
  )
  expect(Number(seconds)).toBeLessThan(60)

  // Other commands know the same folder without a file.
  const { total } = await project.json('usage', 'report')
  expect(total).toMatchObject({ requests: 1, billable: 1 })
  expect(existsSync(project.path('gatez.yaml'))).toBe(false)
  expect(await serving.stop()).toBe(0)
})

test('the next start keeps tenant and key, shows the key masked, and says how to make another', async () => {
  const first = await serve()
  const [, key] = await printed(first, /(gz_live_\w{38})/)
  expect(await first.stop()).toBe(0)

  const second = await serve()
  await printed(second, /There is a key: gz_live_\w{4}….* of tenant default/)
  await printed(second, /gatez keys create default/)
  expect(second.stdout).not.toContain(key)
  expect(await status(second, '/', key)).toBe(200)
  const { secret } = await project.json('keys', 'create', 'default')
  expect(await status(second, '/', secret)).toBe(200)
  expect(await project.json('keys', 'list')).toHaveLength(2)
  expect(await project.json('tenants', 'list')).toHaveLength(1)
})

test('60 calls pass in a minute, the 61st is refused', async () => {
  const serving = await serve()
  const [, key] = await printed(serving, /(gz_live_\w{38})/)
  const statuses = await Promise.all(Array.from({ length: 70 }, () => status(serving, '/', key)))
  expect(statuses.filter((one) => one === 200)).toHaveLength(60)
  expect(statuses.filter((one) => one === 429)).toHaveLength(10)
})

test('a file written later is taken over while it runs, with tenant and key as they were', async () => {
  const serving = await serve()
  const [, key] = await printed(serving, /(gz_live_\w{38})/)
  await project.run('init', '--template', 'minimal', '--upstream', `http://127.0.0.1:${upstream.port}`)
  project.changeConfig((text) => text.replace('requests: 60', 'requests: 61'))
  await printed(serving, /Read gatez\.yaml again: it is in force/)
  const answer = await fetch(`http://127.0.0.1:${serving.port}/`, { headers: { 'x-api-key': key ?? '' } })
  expect(answer.headers.get('x-ratelimit-limit')).toBe('61')
})

test('an upstream that is not there is warned of, and does not keep it from starting', async () => {
  const { port } = upstream
  await upstream.stop()
  const serving = await project.serveWith('--upstream', `http://127.0.0.1:${port}`, '--listen', '127.0.0.1:0')
  await printed(serving, /Warning: http:\/\/127\.0\.0\.1:\d+ cannot be reached \(nothing listens there\)/)
  const [, key] = await printed(serving, /(gz_live_\w{38})/)
  expect(await status(serving, '/', key)).toBe(502)
})

test('where there is a file, --upstream is refused, and both are named', async () => {
  writeFileSync(project.path('gatez.yaml'), 'version: 1\n')
  const { stderr, exitCode } = await project.try('serve', '--upstream', 'http://127.0.0.1:3000')
  expect(exitCode).toBe(2)
  expect(stderr).toContain('--upstream http://127.0.0.1:3000')
  expect(stderr).toContain('gatez.yaml')
  expect(existsSync(project.path('.gatez'))).toBe(false)
})

test('--listen takes the place of the address in the file, for one run', async () => {
  await project.run('init', '--template', 'minimal', '--upstream', `http://127.0.0.1:${upstream.port}`)
  const serving = await project.serveWith('--listen', '127.0.0.1:0')
  expect(await status(serving, '/')).toBe(401)
  expect(readFileSync(project.path('gatez.yaml'), 'utf8')).toContain('127.0.0.1:8080')
})

test('a port that is taken, and addresses that will not do, say what to type', async () => {
  const url = `http://127.0.0.1:${upstream.port}`
  const wrong: readonly (readonly [readonly string[], number, string])[] = [
    [
      ['--upstream', 'http://127.0.0.1:3000', '--listen', `127.0.0.1:${upstream.port}`],
      7,
      '--listen HOST:PORT',
    ],
    [['--upstream', url, '--listen', `127.0.0.1:${upstream.port}`], 2, 'gatez itself'],
    [['--upstream', 'ftp://x'], 2, 'must be a URL such as'],
    [['--upstream', 'localhost:3000'], 2, 'did you mean http://localhost:3000?'],
    [['--upstream', url, '--listen', '70000'], 2, '127.0.0.1:8080'],
    [['--upstream', url, '--config', 'x.yaml'], 2, '--config'],
    [['--upstream'], 2, '--upstream'],
  ]
  for (const [flags, exitCode, told] of wrong) {
    const result = await project.try('serve', ...flags)
    expect(result, flags.join(' ')).toMatchObject({ exitCode, stdout: '' })
    expect(result.stderr).toContain(told)
  }
})
