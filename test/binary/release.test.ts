import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { ROOT } from '../architecture/source-files.ts'
import { tempDir } from '../support/temp-dir.ts'

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
