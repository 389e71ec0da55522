import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT, sourceFiles } from './source-files.ts'

const MAP = readFileSync(join(ROOT, 'src/README.md'), 'utf8')

test('every folder of src stands on its map', () => {
  const entries = readdirSync(join(ROOT, 'src'), { withFileTypes: true })
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  expect(folders.filter((folder) => !new RegExp(`\\b${folder}\\b`).test(MAP))).toEqual([])
})

test('every file that puts parts together stands on the map', () => {
  const files = readdirSync(join(ROOT, 'src')).filter((name) => name.endsWith('.ts'))
  expect(files.length).toBeGreaterThan(5)
  expect(files.filter((name) => !MAP.includes(`\`${name}\``))).toEqual([])
})

test('every file that the map names is there', () => {
  const paths = sourceFiles('src', 'commands').map(({ path }) => path)
  const named = [...MAP.matchAll(/`([\w./-]+\.tsx?)`/g)].map(([, name]) => name ?? '')
  expect(named.length).toBeGreaterThan(30)
  const isThere = (name: string) =>
    existsSync(join(ROOT, name)) || paths.some((path) => path.endsWith(`/${name}`))
  expect(named.filter((name) => !isThere(name))).toEqual([])
})
