import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../architecture/source-files.ts'

interface Locked {
  readonly version: string
  readonly dev?: boolean
  readonly hasInstallScript?: boolean
  readonly resolved?: string
  readonly integrity?: string
}

const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'))
const locked = (Object.entries(packages) as [string, Locked][]).filter(([path]) => path !== '')
const { dependencies, devDependencies, allowScripts, files } = JSON.parse(
  readFileSync(join(ROOT, 'package.json'), 'utf8'),
)

test('nothing that runs with gatez has an install script, so npm ci --ignore-scripts is enough', () => {
  const scripted = locked.filter(([, { hasInstallScript }]) => hasInstallScript === true)
  expect(scripted.filter(([, { dev }]) => dev !== true).map(([path]) => path)).toEqual([])
  const named = Object.keys(allowScripts)
  expect(
    scripted.map(([path]) => path.replace('node_modules/', '')).filter((name) => !named.includes(name)),
  ).toEqual([])
})

test('every package comes from the registry of npm, with the hash of its content', () => {
  // The lock leaves addresses out: then it is the registry that .npmrc names, or npm's.
  const elsewhere = locked.filter(
    ([, { resolved }]) => resolved !== undefined && !resolved.startsWith('https://registry.npmjs.org/'),
  )
  expect(elsewhere.map(([path]) => path)).toEqual([])
  expect(
    locked.filter(([, { integrity }]) => integrity?.startsWith('sha512-') !== true).map(([path]) => path),
  ).toEqual([])
})

test('versions are exact', () => {
  const written = Object.entries({ ...dependencies, ...devDependencies }) as [string, string][]
  expect(written.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([])
})

test('undici and Node are at or above the versions that mend what is known of them', () => {
  expect(atLeast(packages['node_modules/undici'].version, '8.12.4')).toBe(true)
  expect(atLeast(packages['node_modules/node'].version, '24.15.0')).toBe(true)
})

test('the package holds the program, its templates and what is deployed, and no source or test', () => {
  expect(files).toEqual(expect.arrayContaining(['bin/gatez.js', 'dist/lib', 'templates', 'SECURITY.md']))
  expect(files.filter((file: string) => /^(?:src|test|commands|node_modules)/.test(file))).toEqual([])
})

function atLeast(version: string, floor: string): boolean {
  return version.localeCompare(floor, 'en', { numeric: true }) >= 0
}
