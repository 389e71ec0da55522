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

/** The anchors of a page, as the sites that show it make them of its headings. */
function anchorsOf(page: string): readonly string[] {
  const headings = readFileSync(join(ROOT, page), 'utf8').matchAll(/^#+ (.*)$/gm)
  return [...headings].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

test.each(PAGES)('every place that %s leads to is there', (page) => {
  const text = readFileSync(join(ROOT, page), 'utf8')
  const links = [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, link]) => link ?? '')
  const local = links.filter((link) => !/^[a-z]+:/.test(link)).map((link) => join(dirname(page), link))
  const named = [...text.matchAll(/`((?:src|test|commands|bin|templates)\/[\w./-]+)`/g)].map(
    ([, path]) => path ?? '',
  )
  expect([...local, ...named].filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
})

test.each(PAGES)('every heading that %s points at is there', (page) => {
  const text = readFileSync(join(ROOT, page), 'utf8')
  const links = [...text.matchAll(/\]\(([^)#\s]*)#([^)\s]+)\)/g)].filter(
    ([, path = '']) => !/^[a-z]+:/.test(path) && /^$|\.md$/.test(path),
  )
  const missing = links.filter(([, path = '', anchor = '']) => {
    return !anchorsOf(path === '' ? page : join(dirname(page), path)).includes(anchor)
  })
  expect(missing.map(([link]) => link)).toEqual([])
})

test('every page is reached from the README, by links alone', () => {
  const reached = new Set<string>()
  const follow = (page: string): void => {
    if (reached.has(page) || !page.endsWith('.md')) return
    reached.add(page)
    const text = readFileSync(join(ROOT, page), 'utf8')
    for (const [, link = ''] of text.matchAll(/\]\(([^)#\s:]+)(?:#[^)]*)?\)/g))
      follow(join(dirname(page), link))
  }
  follow('README.md')
  expect(PAGES.filter((page) => !reached.has(page))).toEqual([])
})
