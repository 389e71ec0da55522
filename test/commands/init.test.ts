import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { runCli } from '../support/run-cli.ts'
import { tempDir } from '../support/temp-dir.ts'

test('without a terminal it asks nothing, and ends with the next three commands', async () => {
  const cwd = tempDir()
  const { stdout, stderr, exitCode } = await runCli(['init', 'shop', '--upstream', 'http://127.0.0.1:3000'], {
    cwd,
  })
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
  expect(stdout).toBe(`Wrote gatez.yaml, .gitignore to ${join(cwd, 'shop')}.

Next, in shop:
  gatez serve &
  gatez tenants create acme --plan default
  gatez keys create acme
`)
  expect(readFileSync(join(cwd, 'shop/gatez.yaml'), 'utf8')).toContain('upstream: "http://127.0.0.1:3000"')
})

test.each([
  { flags: [], next: 'gatez tenants create acme --plan free && gatez keys create acme' },
  { flags: ['--template', 'llm'], next: 'gatez tenants create acme --plan trial && gatez keys create acme' },
  { flags: ['--preset', 'top50'], next: 'gatez keys create acme' },
  {
    flags: ['--template', 'production'],
    next: 'gatez tenants create acme --plan default && gatez keys create acme',
  },
])('init $flags names plans that are there', async ({ flags, next }) => {
  const { stdout } = await runCli(['init', '--json', ...flags], { cwd: tempDir() })
  const result = JSON.parse(stdout)
  expect(result.next).toHaveLength(3)
  expect(result.next[2]).toBe(next)
})

test('a .gitignore that was there stays as it was', async () => {
  const cwd = tempDir()
  writeFileSync(join(cwd, '.gitignore'), 'node_modules/\n')
  const { stdout, exitCode } = await runCli(['init', '--template', 'minimal'], { cwd })
  expect(exitCode).toBe(0)
  expect(stdout).toContain('see that it has the line .gatez/')
  expect(readFileSync(join(cwd, '.gitignore'), 'utf8')).toBe('node_modules/\n')
})

describe('wrong input writes nothing and says what to type:', () => {
  test.each([
    [['--upstream', 'localhost:3000'], 'did you mean http://localhost:3000?'],
    [['--upstream', 'ftp://x'], '--upstream must be a URL such as http://127.0.0.1:9000, is "ftp://x".'],
    [['--upstream', 'http://me:pw@x'], '--upstream must hold no user name or password.'],
    [['--listen', '9000'], '--listen must be an address and a port, as 127.0.0.1:9000, is "9000".'],
    [
      ['--listen', '127.0.0.1:9000'],
      'is the address gatez itself would listen on: give another with --listen.',
    ],
    [['--preset', 'top50', '--template', 'dataforge'], 'dataforge has its own'],
    [['--preset', 'top5'], 'Expected --preset=top5 to be one of: apikeys-guide, top50'],
    [['one', 'two'], 'Unexpected argument: two'],
  ])('init %j', async (flags, detail) => {
    const cwd = tempDir()
    const { stdout, stderr, exitCode } = await runCli(['init', ...flags], { cwd })
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 })
    expect(stderr).toContain(detail)
    expect(stderr).not.toContain(':pw@')
    expect(existsSync(join(cwd, 'gatez.yaml'))).toBe(false)
  })

  test('a folder that has a gatez.yaml', async () => {
    const cwd = tempDir()
    writeFileSync(join(cwd, 'gatez.yaml'), 'mine')
    const { stderr, exitCode } = await runCli(['init', '--json'], { cwd })
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 6 })
    expect(readFileSync(join(cwd, 'gatez.yaml'), 'utf8')).toBe('mine')
  })
})
