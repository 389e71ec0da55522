import { expect, test } from 'vitest'
import { COMMANDS } from '../../commands/index.ts'
import { loadAllCommands } from '../../src/cli/command-table.ts'
import { cliSurface } from './cli-surface.ts'
import { sourceFiles } from './source-files.ts'

// What scripts rely on. A changed line here is a change users notice: update it on purpose (vitest -u),
// with a line in CHANGELOG.md.
test('commands, arguments and flags are those of the snapshot', async () => {
  await expect(cliSurface(await loadAllCommands())).toMatchFileSnapshot('cli-surface.txt')
})

test('every command file is in the table of commands, under its own path', () => {
  const files = sourceFiles('commands')
    .filter((file) => file.path !== 'commands/index.ts')
    .map((file) => file.path.slice('commands/'.length, -'.ts'.length).replaceAll('/', ':'))
  expect(files.sort()).toEqual(Object.keys(COMMANDS).sort())
})

test('every command says what it does and shows how', async () => {
  const mute = (await loadAllCommands()).filter((command) => !command.summary || !command.examples?.length)
  expect(mute.map((command) => command.id)).toEqual([])
})
