import { describe, expect, test } from 'vitest'
import { COMMANDS, TOPICS } from '../../commands/index.ts'
import { loadCommand } from '../../src/cli/command-table.ts'
import { runCli } from '../support/run-cli.ts'
import { tempDir } from '../support/temp-dir.ts'

describe('the command line', () => {
  test.each(['--version', '-v', 'version'])('%s prints the version', async (word) => {
    const { stdout, exitCode } = await runCli([word], { cwd: tempDir() })
    expect(stdout).toMatch(/^gatez \d+\.\d+\.\d+ \(\S+, node v\d+\.\d+\.\d+\)\n$/)
    expect(exitCode).toBe(0)
  })

  test.each([[[]], [['--help']], [['help']], [['-h']]])('%j lists topics and commands', async (argv) => {
    const { stdout, stderr, exitCode } = await runCli(argv, { cwd: tempDir() })
    for (const topic of new Set(Object.keys(COMMANDS).map((id) => id.split(':')[0]))) {
      expect(stdout).toMatch(new RegExp(`^  ${topic} `, 'm'))
    }
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
  })

  test.each([[['plans', '--help']], [['help', 'plans']], [['plans']]])('%j lists the topic', async (argv) => {
    const { stdout, exitCode } = await runCli(argv, { cwd: tempDir() })
    expect(stdout).toContain('plans show')
    expect(exitCode).toBe(0)
  })

  test.each([[['plans', 'show', '--help']], [['help', 'plans', 'show']], [['plans', 'show', 'x', '-h']]])(
    '%j explains the command',
    async (argv) => {
      const { stdout, exitCode } = await runCli(argv, { cwd: tempDir() })
      expect(stdout).toContain('gatez plans show PLAN [--config FILE]')
      expect(stdout).toContain('EXAMPLES')
      expect(exitCode).toBe(0)
    },
  )
})

describe('a mistake in the command line', () => {
  test.each([
    [['plan', 'lst'], 'there is no gatez plan lst; did you mean gatez plans list?'],
    [['aply'], 'there is no gatez aply; did you mean gatez apply?'],
    [['xyzzy'], 'there is no gatez xyzzy'],
    [['plans', 'shw'], 'there is no gatez plans shw; did you mean gatez plans show?'],
    [['help', 'nonsense'], 'there is no gatez nonsense'],
    [['--json', 'apply'], '--json stands before the command'],
    [['__proto__'], 'there is no gatez __proto__'],
  ])('%j is an unknown command', async (argv, detail) => {
    const { stdout, stderr, exitCode } = await runCli(argv, { cwd: tempDir() })
    const text = argv.includes('--json') ? stdout : stderr
    expect(text).toContain(detail)
    expect(exitCode).toBe(2)
  })

  test.each([
    [['apply', '--dry-rn'], 'unknown flag --dry-rn (did you mean --dry-run?)'],
    [['plans', 'show'], 'missing: plan'],
    [['plans', 'list', 'extra'], 'Unexpected argument: extra'],
    [['init', '--template', 'nope'], 'Expected --template=nope to be one of: dataforge, minimal'],
  ])('%j names the mistake and the help, and ends with 2', async (argv, detail) => {
    const { stdout, stderr, exitCode } = await runCli(argv, { cwd: tempDir() })
    expect(stderr.split('\n')[0]).toContain(`Invalid parameter: ${detail}`)
    expect(stderr.split('\n')[1]).toMatch(/^→ gatez \w+( \w+)? --help/)
    expect(stderr.trimEnd().split('\n')).toHaveLength(2)
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 })
  })
})

test('with --json a mistake is a problem document', async () => {
  const { stdout, stderr, exitCode } = await runCli(['aply', '--json'], { cwd: tempDir() })
  expect(JSON.parse(stdout)).toMatchObject({ code: 'unknown-command', status: 400 })
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 2 })
})

describe('every command', () => {
  test.each(Object.keys(COMMANDS))('%s has a summary, examples, --json and --config', async (id) => {
    const command = await loadCommand(id)
    expect(command.summary).toMatch(/^\S.*[.…]$/)
    expect(command.examples?.length).toBeGreaterThan(0)
    // What serve prints is a log, not a result.
    expect(command.enableJsonFlag).toBe(id !== 'serve')
    expect(Object.keys({ ...command.baseFlags, ...command.flags })).toContain('config')
  })

  test('belongs to a topic that the help explains', () => {
    const topics = Object.keys(COMMANDS)
      .filter((id) => id.includes(':'))
      .map((id) => id.split(':')[0])
    expect(Object.keys(TOPICS)).toEqual(expect.arrayContaining([...new Set(topics)]))
  })
})
