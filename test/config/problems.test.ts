import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/config/load-config.ts'
import { changed, SMALL_CONFIG } from '../support/config-text.ts'
import { linesOf, problemsOf } from './problems-of.ts'
import { WRONG_FILES } from './wrong-files.ts'
import { WRONG_POLICIES } from './wrong-policies.ts'

describe('one mistake is one problem, at its line and column', () => {
  test.each([...WRONG_FILES, ...WRONG_POLICIES])('$part → $replacement', ({ part, replacement, problem }) => {
    const lines = linesOf(changed(part, replacement))
    expect(lines).toContain(problem)
    expect(lines.length).toBeLessThanOrEqual(2)
  })
})

describe('text that is no YAML', () => {
  test.each([
    ['', '1:1 : the file is empty; gatez init writes one to start from'],
    ['# nothing\n', '1:1 : the file is empty; gatez init writes one to start from'],
    ['version: 1\n\tapis: []', '2:1 : a tab stands where spaces must indent'],
    ['version: 1\n---\nversion: 1', '2:1 : a second document begins here; one file holds one configuration'],
    ['- 1', '1:1 : must be a map of fields, is a list'],
    ['a: !!js/function x', '1:4 : is not well-formed YAML: unresolved tag: tag:yaml.org,2002:js/function'],
  ])('%j', (text, problem) => {
    expect(linesOf(text)).toContain(problem)
  })

  test('an alias that refers to itself is told, not followed', () => {
    expect(linesOf('version: &v [*v]').join()).toContain('the alias *v refers to itself')
  })

  test('aliases of aliases cannot blow the file up', () => {
    const bomb = ['a: &a [x,x,x,x,x,x,x,x,x,x]']
    for (const [index, name] of [...'bcdefgh'].entries()) {
      bomb.push(`${name}: &${name} [${Array(10).fill(`*${'abcdefg'[index]}`).join(',')}]`)
    }
    expect(linesOf(bomb.join('\n')).join()).toContain('holds more than')
  })

  test('depth without end is a problem, not a crash', () => {
    expect(linesOf('['.repeat(100_000)).length).toBeGreaterThan(0)
    expect(linesOf(`version: ${'['.repeat(2000)}${']'.repeat(2000)}`).length).toBeGreaterThan(0)
  })
})

test('everything wrong in a file is told at once, in its order', () => {
  const text = SMALL_CONFIG.replace('127.0.0.1:8080', 'nowhere')
    .replace('get /v1', 'GET /v1')
    .replace('routes: [search]', 'routes: [serch]')
    .replace('max: 1', 'max: one')
    .replace('per: day }]\n  - id: pro', 'per: dya }]\n  - id: pro')
    .replace('model: flat', 'model: flt')
  expect(problemsOf(text).map(({ line, path }) => `${line} ${path}`)).toEqual([
    '2 gateway.listen',
    '12 plans[0].routes[0]',
    '13 plans[0].keys.max',
    '14 plans[0].limits[0].per',
    '21 plans[1].charges[0].price.model',
  ])
})

test('the message shows every problem as file:line:column', () => {
  expect(() => parseConfig(changed('version: 1', 'version: 3'), { file: 'a/gatez.yaml', env: {} })).toThrow(
    '1 problem in a/gatez.yaml\n  a/gatez.yaml:1:10 version: must be 1, is 3',
  )
})
