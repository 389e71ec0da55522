import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')
const PAGES = [
  ...['README.md', 'CHANGELOG.md', 'SECURITY.md', 'src/README.md'],
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]

test.each(PAGES)('every place that %s leads to is there', (page) => {
  const text = readFileSync(join(ROOT, page), 'utf8')
  const links = [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, link]) => link ?? '')
  const local = links.filter((link) => !/^[a-z]+:/.test(link)).map((link) => join(dirname(page), link))
  const named = [...text.matchAll(/`((?:src|test|commands|bin|templates)\/[\w./-]+)`/g)].map(
    ([, path]) => path ?? '',
  )
  expect([...local, ...named].filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
})
