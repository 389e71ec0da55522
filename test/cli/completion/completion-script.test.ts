import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { COMMANDS } from '../../../commands/index.ts'
import { runCli } from '../../support/run-cli.ts'
import { tempDir } from '../../support/temp-dir.ts'

// Sources the script as a user does, and asks it what bash asks.
const ASK = `
source ./gatez.bash
while IFS= read -r line; do
  read -r -a COMP_WORDS <<< "$line"
  [[ $line == *' ' ]] && COMP_WORDS+=('')
  COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
  COMPREPLY=()
  _gatez
  echo "\${COMPREPLY[*]}"
done < lines.txt
`

async function complete(lines: readonly string[]): Promise<Record<string, readonly string[]>> {
  const cwd = tempDir()
  const { stdout, exitCode } = await runCli(['completion', 'bash'], { cwd })
  expect(exitCode).toBe(0)
  writeFileSync(join(cwd, 'gatez.bash'), stdout)
  writeFileSync(join(cwd, 'lines.txt'), `${lines.join('\n')}\n`)
  writeFileSync(join(cwd, 'prices.yaml'), '')
  const answers = execFileSync('bash', ['--norc', '-c', ASK], { cwd }).toString().split('\n')
  return Object.fromEntries(lines.map((line, index) => [line, answers[index]!.split(' ').filter(Boolean)]))
}

test('bash completes commands, flags, choices and files, at every place of the line', async () => {
  const answers = await complete([
    'gatez ',
    'gatez keys re',
    'gatez usage export --form',
    'gatez usage export --json --format ',
    'gatez config check --config pri',
    'gatez keys create --name usage --exp',
    'gatez completion ',
    'gatez nonsense ',
    'gatez serve --j',
  ])
  const firstWords = [...new Set(Object.keys(COMMANDS).map((id) => id.split(':')[0]!))]
  expect(answers['gatez ']!.toSorted()).toEqual(firstWords.sort())
  expect(answers['gatez keys re']).toEqual(expect.arrayContaining(['reject', 'reveal', 'revoke']))
  expect(answers['gatez usage export --form']).toEqual(['--format'])
  expect(answers['gatez usage export --json --format ']).toEqual([
    'csv',
    'jsonl',
    'stripe',
    'stripe-csv',
    'quickbooks',
    'xero',
  ])
  expect(answers['gatez config check --config pri']).toEqual(['prices.yaml'])
  expect(answers['gatez keys create --name usage --exp']).toEqual(['--expires'])
  expect(answers['gatez completion ']).toEqual(['bash', 'zsh', 'fish'])
  expect(answers['gatez serve --j'], 'serve has no --json').toEqual([])
})

test.each(['zsh', 'fish'])('%s learns every command and every flag', async (shell) => {
  const { stdout, exitCode } = await runCli(['completion', shell], { cwd: tempDir() })
  expect(exitCode).toBe(0)
  for (const id of Object.keys(COMMANDS)) expect(stdout).toContain(id.replaceAll(':', ' '))
  expect(stdout).toContain('format')
})

test('a shell that is not known is refused, with those that are', async () => {
  const { stderr, exitCode } = await runCli(['completion', 'tcsh'], { cwd: tempDir() })
  expect(stderr).toContain('Expected tcsh to be one of: bash, zsh, fish')
  expect(exitCode).toBe(2)
})
