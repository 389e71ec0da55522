import type { Command } from '@oclif/core/command'
import { expect, test } from 'vitest'
import { TOPICS } from '../../commands/index.ts'
import { loadAllCommands } from '../../src/cli/command-table.ts'
import { CATALOGUE } from '../../src/errors/catalogue.ts'

// A change of a command changes the page: `npm run docs` writes it again.
test('docs/cli.md is made of the commands', async () => {
  const commands = (await loadAllCommands()).sort((one, other) => (one.id < other.id ? -1 : 1))
  await expect(page(commands)).toMatchFileSnapshot('../../docs/cli.md')
})

const EXIT_CODES: Readonly<Record<number, string>> = {
  0: 'done',
  1: 'failed, or found what it was asked to look for',
  2: 'used wrongly: a flag, an argument, a request that makes no sense',
  3: 'the configuration is wrong or missing',
  4: 'a key was not accepted',
  5: 'not found',
  6: 'in conflict with what is there',
  7: 'not available now; try again',
  8: 'integrity: something is not as it must be',
  70: 'a bug of gatez',
}

test('every exit code of the catalogue is explained', () => {
  const used = new Set(Object.values(CATALOGUE).map(({ exit }) => exit))
  expect([...used].filter((code) => EXIT_CODES[code] === undefined)).toEqual([])
})

function page(commands: readonly Command.Class[]): string {
  const topics = Object.entries(TOPICS).map(([name, text]) => `- \`gatez ${name}\`: ${text}`)
  return [
    '# Commands',
    '',
    'Every command with its flags. This page is made from the commands themselves: `npm run docs` writes it.',
    '`gatez COMMAND --help` says the same. Each command has `--config FILE` (default `gatez.yaml`) and `--json`.',
    '',
    ...topics,
    '',
    '## Exit codes',
    '',
    '| Code | |',
    '| --- | --- |',
    ...Object.entries(EXIT_CODES).map(([code, text]) => `| ${code} | ${text} |`),
    '',
    ...commands.flatMap(section),
  ].join('\n')
}

function section(command: Command.Class): readonly string[] {
  const name = `gatez ${command.id.replaceAll(':', ' ')}`
  const args = Object.entries(command.args ?? {}).map(([arg, { required }]) => {
    return required === true ? arg.toUpperCase() : `[${arg.toUpperCase()}]`
  })
  return [
    `## ${name}`,
    '',
    `\`${[name, ...args].join(' ')}\``,
    '',
    command.summary ?? '',
    '',
    ...(command.description === undefined ? [] : [command.description, '']),
    ...rows(command),
    '```',
    ...(command.examples ?? []).map((example) => exampleText(String(example), command)),
    '```',
    '',
  ]
}

function rows(command: Command.Class): readonly string[] {
  const args = Object.entries(command.args ?? {}).map(([arg, { description }]) => [
    arg.toUpperCase(),
    description ?? '',
  ])
  const flags = Object.entries(command.flags ?? {}).map(([flag, definition]) => {
    const choices =
      'options' in definition && Array.isArray(definition.options) ? definition.options.join('|') : ''
    const value = definition.type === 'boolean' ? '' : ` ${choices || definition.helpValue || 'VALUE'}`
    return [`--${flag}${value}`, definition.description ?? '']
  })
  const all = [...args, ...flags]
  if (all.length === 0) return []
  return [
    '| | |',
    '| --- | --- |',
    ...all.map(([name, text]) => `| \`${name?.replaceAll('|', '\\|')}\` | ${text} |`),
    '',
  ]
}

function exampleText(example: string, command: Command.Class): string {
  return example
    .replaceAll('<%= config.bin %>', 'gatez')
    .replaceAll('<%= command.id %>', command.id.replaceAll(':', ' '))
}
