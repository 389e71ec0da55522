import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../src/cli/demo/free-port.ts'
import { ROOT } from '../architecture/source-files.ts'
import { tempDir } from '../support/temp-dir.ts'
import { until } from '../support/until.ts'

const DIST = join(ROOT, 'dist')
const BUILD_MS = 300_000

beforeAll(() => {
  execFileSync(process.execPath, [join(ROOT, 'bin/build.js'), '--if-stale'])
}, BUILD_MS)

test('the binary is at most 120 MB, and its checksum lies beside it', () => {
  expect(statSync(join(DIST, 'gatez')).size).toBeLessThanOrEqual(120_000_000)
  const run = spawnSync('sha256sum', ['--check', 'gatez.sha256'], { cwd: DIST, encoding: 'utf8' })
  expect([run.status, run.stdout]).toEqual([0, 'gatez: OK\n'])
})

test('what the binary is made of lies beside it as CycloneDX, each part with version, licence and hash', () => {
  const bom = JSON.parse(readFileSync(join(DIST, 'gatez.cdx.json'), 'utf8'))
  expect(bom).toMatchObject({
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    metadata: { component: { name: 'gatez' } },
  })
  const libraries = bom.components.filter(({ type }: { type: string }) => type === 'library')
  const names = libraries.map(({ name }: { name: string }) => name)
  expect(names).toEqual(
    expect.arrayContaining(['better-sqlite3', 'undici', 'pino', 'react-dom', '@mantine/core']),
  )
  expect(names).not.toContain('vitest')
  expect(new Set(names).size).toBeGreaterThan(50)
  for (const { name, version, purl, licenses, hashes } of libraries) {
    expect([name, purl]).toEqual([name, `pkg:npm/${name.replace('@', '%40')}@${version}`])
    expect([name, licenses.length, hashes[0]?.content.length]).toEqual([name, 1, 128])
  }
})

test(
  'a second build of the same source gives the same bundle',
  () => {
    const build = () => {
      const printed = execFileSync(process.execPath, [join(ROOT, 'bin/build.js'), '--no-binary'], {
        encoding: 'utf8',
      })
      return /bundle sha256 ([0-9a-f]{64})/.exec(printed)?.[1]
    }
    const first = build()
    expect(first).toMatch(/^[0-9a-f]{64}$/)
    expect(build()).toBe(first)
  },
  BUILD_MS,
)

test('the main way runs from the binary in a root that holds nothing but it and the C library', async () => {
  const root = emptyRoot()
  const upstream = createServer((_request, response) => response.end('{"ok":true}'))
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  onTestFinished(() => void upstream.close())
  const port = await freePort(0)
  const config = {
    version: 1,
    gateway: { listen: `127.0.0.1:${port}`, threads: 2 },
    control: { listen: '127.0.0.1:0' },
    apis: [
      {
        id: 'api',
        upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
        routes: [{ id: 'all', match: 'ANY /{rest*}' }],
      },
    ],
    plans: [{ id: 'free', routes: 'all' }],
  }
  writeFileSync(join(root, 'data/gatez.yaml'), JSON.stringify(config))
  // PATH is for finding chroot: in the root there is nothing to find.
  const env = { HOME: '/data', GATEZ_CACHE_DIR: '/data/cache', PATH: '/usr/sbin:/usr/bin' }
  const inRoot = (...args: string[]) => [
    ...['--ignore-environment', ...envOf(env), ...INTO, root],
    ...['/gatez', ...args, '--config', '/data/gatez.yaml'],
  ]
  const run = (...args: string[]) => execFileSync('env', inRoot(...args), { encoding: 'utf8' })
  run('apply')
  run('tenants', 'create', 'acme', '--plan', 'free')
  const { secret } = JSON.parse(run('keys', 'create', 'acme', '--json'))
  const serve = spawn('env', inRoot('serve'))
  onTestFinished(() => void serve.kill('SIGKILL'))
  const call = (headers: Record<string, string>) => fetch(`http://127.0.0.1:${port}/v1/x`, { headers })
  await until('the gateway answers', () =>
    call({}).then(
      () => true,
      () => undefined,
    ),
  )
  const answers = [await call({}), await call({ 'x-api-key': secret })]
  expect(answers.map(({ status }) => status)).toEqual([401, 200])
  await until(
    'the report has the call',
    () => JSON.parse(run('usage', 'report', '--json')).total.billable === 1 || undefined,
  )
  serve.kill('SIGTERM')
  await once(serve, 'exit')
  expect(serve.exitCode).toBe(0)
})

test('the npm package holds the program, and runs with nothing but the SQLite engine beside it', () => {
  const folder = tempDir()
  const [{ filename, files }] = JSON.parse(
    execFileSync('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
      cwd: ROOT,
      encoding: 'utf8',
    }),
  )
  const paths = files.map(({ path }: { path: string }) => path)
  expect(paths).toEqual(
    expect.arrayContaining(['bin/gatez.js', 'dist/lib/gatez.js', 'LICENSE', 'SECURITY.md']),
  )
  expect(paths.filter((path: string) => /^(?:src|test|commands)\/|\.ts$/.test(path))).toEqual([])
  const modules = join(folder, 'node_modules')
  mkdirSync(modules)
  execFileSync('tar', ['-xzf', join(folder, filename), '-C', modules])
  execFileSync('mv', [join(modules, 'package'), join(modules, 'gatez')])
  cpSync(join(ROOT, 'node_modules/better-sqlite3'), join(modules, 'better-sqlite3'), {
    recursive: true,
    dereference: true,
  })
  const run = (...args: string[]) =>
    execFileSync(process.execPath, [join(modules, 'gatez/bin/gatez.js'), ...args], {
      cwd: folder,
      encoding: 'utf8',
    })
  expect(run('--version')).toMatch(/^gatez \d+\.\d+\.\d+ /)
  run('init', '--yes')
  const { calls } = JSON.parse(run('demo', '--json'))
  expect(calls).toBeGreaterThan(100)
})

/** A folder with the binary, the libraries it is linked with, and an empty folder for its data. */
function emptyRoot(): string {
  const root = tempDir()
  cpSync(join(DIST, 'gatez'), join(root, 'gatez'))
  const linked = execFileSync('ldd', [join(DIST, 'gatez')], { encoding: 'utf8' })
  for (const [path] of linked.matchAll(/\/\S+/g)) {
    mkdirSync(join(root, dirname(path)), { recursive: true })
    copyFileSync(path, join(root, path))
  }
  for (const name of ['data', 'tmp']) mkdirSync(join(root, name), { mode: 0o700 })
  expect(readdirSync(root, { recursive: true }).filter((name) => /node$|bin\//.test(String(name)))).toEqual(
    [],
  )
  return root
}

/** As another user than root one makes a namespace to do it. */
const INTO = process.getuid?.() === 0 ? ['chroot'] : ['unshare', '--map-root-user', 'chroot']

function envOf(env: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(env).map(([name, value]) => `${name}=${value}`)
}
