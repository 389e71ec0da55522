import { existsSync, readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { templatesDir, threadUrl } from '../../src/lib/bundle.ts'

test.each(['desk-thread', 'gateway-thread', 'meter-thread', 'ship-thread'] as const)(
  'the script of the %s is where it says',
  (name) => {
    expect(existsSync(threadUrl(name))).toBe(true)
  },
)

test('the templates are where it says', () => {
  expect(readdirSync(templatesDir())).toEqual(expect.arrayContaining(['dataforge', 'minimal']))
})
