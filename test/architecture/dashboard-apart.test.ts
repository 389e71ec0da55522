import { expect, test } from 'vitest'
import { earlyImports, sourceFiles } from './source-files.ts'

// What draws on terminals is large: commands that draw nothing, and a gateway that serves, must not load it.

const imports = sourceFiles('src', 'commands').map((file) => ({ path: file.path, found: earlyImports(file) }))

test('ink is imported by the dashboard alone', () => {
  const users = imports.filter(({ found }) => found.includes('ink')).map(({ path }) => path)
  expect(users.filter((path) => !path.startsWith('src/dashboard/'))).toEqual([])
  expect(users).toContain('src/dashboard/app.tsx')
})

test('the dashboard is loaded when it is called, and never with anything else', () => {
  const users = imports.filter(({ path, found }) => {
    return !path.startsWith('src/dashboard/') && found.some((target) => target.includes('/dashboard/'))
  })
  expect(users.map(({ path }) => path)).toEqual([])
})
