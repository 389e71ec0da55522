import { expect, test } from 'vitest'
import { CATALOGUE } from '../../src/errors/catalogue.ts'
import { type SourceFile, sourceFiles } from './source-files.ts'

const rows = Object.keys(CATALOGUE)
const sources = sourceFiles('src', 'commands').filter((file) => !file.path.startsWith('src/errors/'))
const tests = sourceFiles('test').filter((file) => !file.path.startsWith('test/architecture/'))

test('every code that is thrown or refused has a row in the catalogue', () => {
  const thrown = sources.flatMap((file) => [...file.text.matchAll(THROWN)].map((match) => match[1]!))
  expect(thrown.length).toBeGreaterThan(10)
  expect(unique(thrown).filter((code) => !rows.includes(code))).toEqual([])
})

test('every row of the catalogue is thrown or refused somewhere', () => {
  expect(rows.filter((code) => !sources.some((file) => names(file, code)))).toEqual([])
})

test('every row of the catalogue is provoked by a test', () => {
  expect(rows.filter((code) => !tests.some((file) => names(file, code)))).toEqual([])
})

test('every row has a status, an exit code and a way out in one sentence', () => {
  const wrong = Object.entries(CATALOGUE).filter(
    ([code, { status, exit, title, fix }]) =>
      !/^[a-z]+(?:-[a-z]+)*$/.test(code) ||
      status < 400 ||
      status > 599 ||
      ![1, 2, 3, 4, 5, 6, 7, 8, 70].includes(exit) ||
      title.endsWith('.') ||
      !fix.endsWith('.'),
  )
  expect(wrong).toEqual([])
})

const THROWN = /\bnew (?:GatezError|Refusal)\(\s*'([^']+)'/g

function names(file: SourceFile, code: string): boolean {
  return file.text.includes(`'${code}'`) || file.text.includes(`"${code}"`)
}

function unique(codes: readonly string[]): readonly string[] {
  return [...new Set(codes)].sort()
}
