import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../architecture/source-files.ts'

const FOLDER = join(ROOT, 'docs/decisions')

// A new decision changes the page: `npm run docs` writes it again.
test('docs/decisions/README.md lists every decision', async () => {
  const files = readdirSync(FOLDER).filter((name) => /^\d{4}-.*\.md$/.test(name))
  const rows = files.sort().map((file) => `- [${titleOf(file)}](${file})`)
  const head = ['# Decisions', '', 'Where there were two good ways: which one, and why.', '']
  await expect([...head, ...rows, ''].join('\n')).toMatchFileSnapshot('../../docs/decisions/README.md')
})

test('a number names one decision, and its page begins with it', () => {
  const files = readdirSync(FOLDER).filter((name) => /^\d{4}-.*\.md$/.test(name))
  const numbers = files.map((file) => file.slice(0, 4))
  expect(numbers.filter((number, index) => numbers.indexOf(number) !== index)).toEqual([])
  for (const file of files) {
    const [first] = readFileSync(join(FOLDER, file), 'utf8').split('\n')
    expect([file, first]).toEqual([file, expect.stringMatching(`^# ${Number(file.slice(0, 4))}\\. `)])
  }
})

test('every runtime dependency has its reason, nothing else has one, and there are at most 25', () => {
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const reasons = readFileSync(join(FOLDER, '0007-dependencies.md'), 'utf8')
  const names = Object.keys(dependencies)
  const given = [...reasons.matchAll(/^\| ([@a-z][^ ]*) \|/gm)].map(([, name]) => name)
  expect(given.filter((name) => name !== 'package').sort()).toEqual(names.sort())
  expect(names.length).toBeLessThanOrEqual(25)
})

function titleOf(file: string): string {
  return /^# (?:\d+\. )?(.*)$/m.exec(readFileSync(join(FOLDER, file), 'utf8'))?.[1] ?? file
}
