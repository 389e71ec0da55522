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

test('every runtime dependency has its reason, and there are at most 25', () => {
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const reasons = readFileSync(join(FOLDER, '0007-dependencies.md'), 'utf8')
  const names = Object.keys(dependencies)
  expect(names.filter((name) => !reasons.includes(`| ${name} |`))).toEqual([])
  expect(names.length).toBeLessThanOrEqual(25)
})

function titleOf(file: string): string {
  return /^# (?:\d+\. )?(.*)$/m.exec(readFileSync(join(FOLDER, file), 'utf8'))?.[1] ?? file
}
