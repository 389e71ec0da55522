import { expect, test } from 'vitest'
import { sourceFiles } from './source-files.ts'

/** `import('name')` of a package; types of one (`typeof import('name')`) load nothing. */
const LATE = /(?<!typeof )\bimport\('([a-z@][^'.]*)'\)/g

test('packages are loaded late by way of a file of ours only: a bundle gives those of the old form no names', () => {
  const found = sourceFiles('src', 'commands').flatMap(({ path, text }) =>
    [...text.matchAll(LATE)].map(([, name]) => `${path}: ${name}`),
  )
  expect(found.filter((line) => !line.includes(': node:'))).toEqual([])
})
