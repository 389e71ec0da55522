import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadConfig } from '../../src/config/load-config.ts'
import { TEMPLATES, writeTemplate } from '../../src/config/write-template.ts'
import { templatesDir } from '../../src/lib/bundle.ts'
import { tempDir } from '../support/temp-dir.ts'

const from = { templatesDir: templatesDir() }

test.each(TEMPLATES)('the template %s gives a folder whose file is valid', (template) => {
  const folder = join(tempDir(), 'new', 'shop')
  const files = writeTemplate(from, { template, folder })
  expect(readdirSync(folder).toSorted()).toEqual([...files].toSorted())
  expect(loadConfig(join(folder, 'gatez.yaml'), {}).apis).toHaveLength(1)
  expect(readFileSync(join(folder, '.gitignore'), 'utf8')).toContain('.gatez/')
})

test('the three tiers are those of the offer', () => {
  const folder = tempDir()
  writeTemplate(from, { template: 'dataforge', folder })
  const { plans, apis } = loadConfig(join(folder, 'gatez.yaml'), {})
  const offer = plans.map(({ id, routes, features, keys, limits }) => {
    return { id, routes, features, keys: keys.max, perDay: limits[0]?.amount, limits: limits.length }
  })
  expect(offer).toEqual([
    { id: 'free', routes: ['search', 'lookup'], features: [], keys: 1, perDay: 100, limits: 1 },
    { id: 'pro', routes: 'all', features: ['ai'], keys: 5, perDay: 10_000, limits: 1 },
    { id: 'enterprise', routes: 'all', features: ['ai'], keys: null, perDay: 100_000, limits: 1 },
  ])
  expect(plans.flatMap(({ limits }) => limits).every(({ id }) => id === 'tenant-day')).toBe(true)
  expect(apis[0]?.routes.map(({ id }) => id)).toEqual(['search', 'lookup', 'export', 'ingest', 'analyze'])
})

test('one file that exists stops it before anything is written', () => {
  const folder = tempDir()
  writeFileSync(join(folder, 'upstream.js'), 'mine')
  expect(() => writeTemplate(from, { template: 'dataforge', folder })).toThrow(
    expect.objectContaining({ code: 'already-exists', message: expect.stringContaining('upstream.js') }),
  )
  expect(readdirSync(folder)).toEqual(['upstream.js'])
  expect(readFileSync(join(folder, 'upstream.js'), 'utf8')).toBe('mine')
})

test('a link is a file too, wherever it leads', () => {
  const folder = tempDir()
  symlinkSync(join(folder, 'elsewhere'), join(folder, 'gatez.yaml'))
  expect(() => writeTemplate(from, { template: 'minimal', folder })).toThrow(/gatez.yaml already/)
  expect(existsSync(join(folder, 'elsewhere'))).toBe(false)
})

test('a folder that is a file is told as such', () => {
  const folder = tempDir()
  writeFileSync(join(folder, 'file'), '')
  for (const place of [join(folder, 'file'), join(folder, 'file', 'below')]) {
    expect(() => writeTemplate(from, { template: 'minimal', folder: place })).toThrow(
      expect.objectContaining({ code: 'already-exists' }),
    )
  }
})

test('a place where nothing can be made is told', () => {
  const folder = process.platform === 'linux' ? '/proc/gatez' : join(tempDir(), '\0')
  expect(() => writeTemplate(from, { template: 'minimal', folder })).toThrow(
    expect.objectContaining({ code: 'folder-not-writable' }),
  )
})

test('the folder may have other files', () => {
  const folder = tempDir()
  mkdirSync(join(folder, 'src'))
  expect(writeTemplate(from, { template: 'minimal', folder })).toContain('gatez.yaml')
})
