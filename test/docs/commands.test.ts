import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadAllCommands } from '../../src/cli/command-table.ts'
import { ROOT } from '../architecture/source-files.ts'

const PAGES = [
  ...['README.md', 'SECURITY.md'],
  ...readdirSync(join(ROOT, 'docs'), { encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]

test('every command that a page tells the reader to type exists, with the flags that stand behind it', async () => {
  const commands = new Map(
    (await loadAllCommands()).map((command) => [command.id.replaceAll(':', ' '), command]),
  )
  const wrong = PAGES.flatMap((page) =>
    typed(readFileSync(join(ROOT, page), 'utf8')).flatMap((line) => {
      const words = line.split(/\s+/)
      const name = [words.slice(1, 3).join(' '), words[1] ?? ''].find((id) => commands.has(id))
      if (name === undefined) return [`${page}: ${line}`]
      const { flags = {}, baseFlags = {} } = commands.get(name)!
      const known = new Set(['json', 'config', 'help', ...Object.keys(flags), ...Object.keys(baseFlags)])
      const unknown = [...line.matchAll(/ --([a-z-]+)/g)]
        .map(([, flag]) => flag ?? '')
        .filter((flag) => !known.has(flag))
      return unknown.length === 0 ? [] : [`${page}: ${line}: --${unknown.join(', --')}`]
    }),
  )
  expect(wrong).toEqual([])
})

/** Lines of blocks that begin with gatez, up to what a shell does with them; in a transcript those behind a prompt. */
function typed(text: string): readonly string[] {
  const blocks = [...text.matchAll(/^```(sh|console)\n([\s\S]*?)^```$/gm)]
  return blocks
    .flatMap(([, kind, block = '']) => {
      const lines = block.split('\n')
      return kind === 'sh'
        ? lines
        : lines.filter((line) => line.startsWith('$ ')).map((line) => line.slice(2))
    })
    .map((line) => line.replace(/\s+#.*$/, '').split(/ (?:&&|\||>|<|&)/)[0] ?? '')
    .filter((line) => /^gatez [a-z]/.test(line))
}
