import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ROOT, sourceFiles, sourceFrom } from './source-files.ts'
import { untidy } from './untidy.ts'

// What Biome can see, Biome holds (biome.json): sizes of files and functions, `any`, `!`, default exports,
// barrels, file names, import cycles, floating promises. Here is what it cannot.

test('sources and commands are tidy', () => {
  expect(sourceFiles('src', 'commands').flatMap(untidy)).toEqual([])
})

test('the top of the tree holds what the design names and nothing else', () => {
  const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
  })
  const entries = new Set(
    tracked
      .toString()
      .trimEnd()
      .split('\n')
      .map((path) => path.split('/')[0]),
  )
  expect([...entries].filter((entry) => !TOP.includes(entry ?? ''))).toEqual([])
})

test('Biome holds the rules that no test repeats', () => {
  const { linter } = JSON.parse(readFileSync(join(ROOT, 'biome.json'), 'utf8'))
  expect(linter.rules).toMatchObject({
    complexity: { noExcessiveLinesPerFunction: { level: 'error', options: { maxLines: 60 } } },
    nursery: { noFloatingPromises: 'error' },
    performance: { noBarrelFile: 'error' },
    style: {
      noDefaultExport: 'error',
      noExcessiveLinesPerFile: { level: 'error', options: { maxLines: 300 } },
      noNonNullAssertion: 'error',
      useFilenamingConvention: { level: 'error' },
    },
    suspicious: { noExplicitAny: 'error', noImportCycles: 'error' },
  })
})

const TOP: readonly string[] = [
  ...[
    '.ci',
    '.gitignore',
    '.npmrc',
    'biome.json',
    'tsconfig.json',
    'vitest.config.ts',
    '.dockerignore',
    'Dockerfile',
  ],
  ...['package.json', 'package-lock.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'SECURITY.md'],
  ...['bin', 'commands', 'docs', 'src', 'templates', 'test'],
]

describe('the rules themselves', () => {
  test.each([
    { text: 'const a = b as string', why: 'a cast is seen' },
    { text: 'const a = <string>b', why: 'a cast in angle brackets is seen' },
    { text: '// TODO: later', why: 'a mark without an issue is seen' },
    { text: '// biome-ignore lint/a: b', why: 'a lint rule switched off is seen' },
    { text: '// @ts-expect-error', why: 'types switched off are seen' },
    { text: 'export function a(): void {}', why: 'an export without a doc comment is seen' },
    {
      text: '/** A. */\nexport function a(): void {}\nexport class B {}',
      why: 'a doc comment counts for one export only',
    },
  ])('$why', ({ text }) => {
    expect(untidy(sourceFrom('src/lib/a.ts', text))).toHaveLength(1)
  })

  test.each([
    "const a = ['b'] as const",
    "import { a as b } from './c.ts'",
    "import * as b from './c.ts'",
    "const a = 'write it as text'",
    'const sum = fn.countAll().as(name)',
    '// TODO(#12): later',
    '/** Promises. */\nexport async function a(): Promise<void> {}',
    '/** Holds rows. */\n@sealed\nexport class B {}',
    'const a = b < c && d > e',
  ])('%j is tidy', (text) => {
    expect(untidy(sourceFrom('src/lib/a.ts', text))).toEqual([])
  })

  test('a cast in a page is seen, and words and tags of it are none', () => {
    const page = (line: string) => untidy(sourceFrom('src/portal/a.tsx', line))
    expect(page('const a = <Text>keep it as safe as {b as string}</Text>')).toHaveLength(1)
    expect(page('const a = <Text>keep it as safe as {b}</Text>')).toEqual([])
    expect(page('const a = (\n  <Text>\n    As many as you like\n  </Text>\n)')).toEqual([])
  })
})
