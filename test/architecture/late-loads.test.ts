import { posix } from 'node:path'
import { expect, test } from 'vitest'
import { earlyImports, sourceFiles } from './source-files.ts'

/** `import('name')` of a package; types of one (`typeof import('name')`) load nothing. */
const LATE = /(?<!typeof )\bimport\('([a-z@][^'.]*)'\)/g

test('packages are loaded late by way of a file of ours only: a bundle gives those of the old form no names', () => {
  const found = sourceFiles('src', 'commands').flatMap(({ path, text }) =>
    [...text.matchAll(LATE)].map(([, name]) => `${path}: ${name}`),
  )
  expect(found.filter((line) => !line.includes(': node:'))).toEqual([])
})

test('a gateway that starts loads none of the large packages that it may never need', () => {
  const packages = new Set<string>()
  const files = new Map(sourceFiles('src', 'commands').map((file) => [file.path, earlyImports(file)]))
  const [waiting, seen] = [['commands/serve.ts'], new Set<string>()]
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (seen.has(path)) continue
    seen.add(path)
    for (const target of files.get(path) ?? []) {
      if (target.startsWith('.')) waiting.push(posix.join(posix.dirname(path), target))
      else packages.add(target)
    }
  }
  expect(packages).toContain('undici/lib/dispatcher/client.js')
  const late = ['undici', 'hono', '@hono/zod-openapi', 'ioredis', '@clickhouse/client', 'pg', 'ink', 'pdfkit']
  expect(late.filter((name) => packages.has(name))).toEqual([])
})
