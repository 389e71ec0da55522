import { describe, expect, test } from 'vitest'
import { brokenArrows } from './arrows.ts'
import { sourceFiles, sourceFrom } from './source-files.ts'
import { strayReads } from './sources-of-truth.ts'

const files = sourceFiles('src', 'commands')

test('no import points against the arrows of the design', () => {
  expect(files.flatMap(brokenArrows)).toEqual([])
})

test('time and environment are read in one place each', () => {
  expect(files.flatMap(strayReads)).toEqual([])
})

describe('the law itself', () => {
  test.each([
    { from: 'src/lib/a.ts', to: '../errors/b.ts', why: 'lib knows nothing above it' },
    { from: 'src/gateway/a.ts', to: '../billing/b.ts', why: 'gateway and billing are strangers' },
    { from: 'src/billing/a.ts', to: '../gateway/b.ts', why: 'and the other way round' },
    { from: 'src/gateway/a.ts', to: '../storage/sql/b.ts', why: 'only open.ts names a driver' },
    { from: 'src/storage/sql/a.ts', to: '../memory/b.ts', why: 'drivers are strangers' },
    { from: 'src/access/a.ts', to: '../metering/b.ts', why: 'one tier' },
    { from: 'src/metering/a.ts', to: '../storage/open.ts', why: 'stores come in as arguments' },
    { from: 'src/portal/a.tsx', to: '../access/b.ts', why: 'a page goes through the client' },
    { from: 'src/model/a.ts', to: '../../commands/b.ts', why: 'commands are the top' },
    { from: 'src/nowhere/a.ts', to: '../lib/b.ts', why: 'a new folder needs a tier' },
  ])('$from may not import $to: $why', ({ from, to }) => {
    for (const text of [
      `import { b } from '${to}'`,
      `import type { b } from '${to}'`,
      `export { b } from '${to}'`,
      `const b = await import('${to}')`,
      `import {\n  b,\n} from '${to}'`,
    ]) {
      expect(brokenArrows(sourceFrom(from, text)), text).toHaveLength(1)
    }
  })

  test.each([
    { from: 'src/errors/a.ts', to: '../lib/b.ts' },
    { from: 'src/storage/open.ts', to: './sql/b.ts' },
    { from: 'src/gateway/a.ts', to: '../storage/open.ts' },
    { from: 'src/portal/a.tsx', to: '../control/client.ts' },
    { from: 'src/cli/a.ts', to: '../../commands/index.ts' },
    { from: 'commands/a.ts', to: '../src/cli/b.ts' },
  ])('$from may import $to', ({ from, to }) => {
    expect(brokenArrows(sourceFrom(from, `import { b } from '${to}'`))).toEqual([])
  })

  test.each([
    'const now = Date.now()',
    'const now = new Date()',
    'const text = `$' + '{Date.now()}`',
    'const start = performance.now()',
    'const start = process.hrtime.bigint()',
    "const home = process.env.HOME ?? ''",
    "const home = process.env['HOME']",
    'const { HOME } = process.env',
    'start(process.env)',
  ])('%s is seen as a stray read', (text) => {
    expect(strayReads(sourceFrom('src/gateway/a.ts', text))).not.toEqual([])
  })

  test.each([
    'const day = new Date(nowMs)',
    '// Date.now() would be wrong here',
    "const text = 'Date.now()'",
    'const parsed = Date.parse(text)',
  ])('%s is no stray read', (text) => {
    expect(strayReads(sourceFrom('src/gateway/a.ts', text))).toEqual([])
  })
})
