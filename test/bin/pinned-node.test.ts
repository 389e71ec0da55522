import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import packageJson from '../../package.json' with { type: 'json' }

// Plain JavaScript, which has no types: imported by a name the compiler does not follow.
const { nodeFits, ROOT } = await import(new URL('../../bin/pinned-node.js', import.meta.url).href)

test.each([
  { version: '20.20.2', fits: false, why: 'better-sqlite3 crashes on it' },
  { version: '22.22.0', fits: false, why: 'it lacks type stripping as we need it' },
  { version: '24.14.9', fits: false, why: 'the last version before the first that fits' },
  { version: '24.15.0', fits: true, why: 'the first that fits' },
  { version: '24.21.0', fits: true, why: 'the pinned one' },
  { version: '25.9.0', fits: false, why: 'an odd version, past its end of life' },
  { version: '26.0.0', fits: true, why: 'the next even one' },
  { version: '28.1.0', fits: true, why: 'later ones' },
])('Node $version fits: $fits, $why', ({ version, fits }) => {
  expect(nodeFits(version)).toBe(fits)
})

test('the check is the one that package.json declares', () => {
  expect(packageJson.engines.node).toBe('^24.15 || >=26')
})

test('the pinned Node fits', () => {
  expect(nodeFits(packageJson.devDependencies.node)).toBe(true)
})

test.each(['bin/gatez.js', 'bin/dev.js', 'bin/pinned-node.js'])(
  '%s imports nothing but Node and itself before the check',
  (path) => {
    const text = readFileSync(ROOT + path, 'utf8')
    const imports = [...text.matchAll(/^import .* from '([^']+)'/gm)].map((match) => match[1] ?? '')
    expect(imports.filter((name) => !/^node:|^\.\/pinned-node\.js$/.test(name))).toEqual([])
  },
)
