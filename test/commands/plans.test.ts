import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { changed, SMALL_CONFIG } from '../support/config-text.ts'
import { runCli } from '../support/run-cli.ts'
import { tempDir } from '../support/temp-dir.ts'

function folderWith(text: string): string {
  const folder = tempDir()
  writeFileSync(join(folder, 'gatez.yaml'), text)
  return folder
}

describe('gatez config check', () => {
  test('says that a valid file is valid, and opens no store', async () => {
    const cwd = folderWith(SMALL_CONFIG)
    const { stdout, exitCode } = await runCli(['config', 'check'], { cwd })
    expect(stdout).toBe('gatez.yaml is valid: 1 api, 2 routes, 2 plans.\n')
    expect(exitCode).toBe(0)
    expect(() => readFileSync(join(cwd, '.gatez', 'gatez.db'))).toThrow()
  })

  test('names file, line and column of what is wrong, and ends with 3', async () => {
    const cwd = folderWith(changed('routes: [search]', 'routes: [serch]'))
    const { stderr, exitCode } = await runCli(['config', 'check'], { cwd })
    expect(stderr).toBe(
      'Configuration invalid: 1 problem in gatez.yaml\n' +
        '  gatez.yaml:12:14 plans[0].routes[0]: there is no route "serch" (did you mean search?)\n' +
        '→ Mend the lines named, then run gatez config check.\n',
    )
    expect(exitCode).toBe(3)
  })

  test('gives scripts the problems as data', async () => {
    const cwd = folderWith(changed('max: 1', 'max: x'))
    const { stdout, stderr, exitCode } = await runCli(['config', 'check', '--json'], { cwd })
    expect(JSON.parse(stdout)).toMatchObject({
      code: 'config-invalid',
      problems: [{ file: 'gatez.yaml', line: 13, column: 18, path: 'plans[0].keys.max' }],
    })
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 3 })
  })

  test('says where it looked when there is no file', async () => {
    const { stderr, exitCode } = await runCli(['config', 'check', '--config', 'x.yaml'], { cwd: tempDir() })
    expect(stderr).toContain('Configuration not found: x.yaml does not exist\n→ Run gatez init')
    expect(exitCode).toBe(3)
  })
})

describe('gatez init, apply, plans', () => {
  test('lead from an empty folder to plans in force', async () => {
    const cwd = tempDir()
    const init = await runCli(['init', '--yes'], { cwd })
    expect(init.stdout).toContain('gatez serve')
    expect(init.exitCode).toBe(0)

    const dryRun = await runCli(['apply', '--dry-run'], { cwd })
    expect(dryRun.stdout).toContain('Nothing was written')
    const applied = await runCli(['apply', '--json'], { cwd })
    expect(JSON.parse(applied.stdout)).toMatchObject({ changed: true, plans: [{ plan: 'free' }, {}, {}] })

    const listed = await runCli(['plans', 'list'], { cwd })
    expect(listed.stdout).toMatch(/^enterprise +Enterprise +1 +all +unlimited +100,000\/day +0$/m)
    const shown = await runCli(['plans', 'show', 'pro', '--json'], { cwd })
    expect(JSON.parse(shown.stdout)).toMatchObject({ id: 'pro', keys: { max: 5 }, version: 1 })

    const again = await runCli(['init'], { cwd })
    expect(again.stderr).toContain('nothing was written')
    expect(again.exitCode).toBe(6)
  }, 30_000)

  test('show says which plans there are when one is unknown', async () => {
    const cwd = folderWith(SMALL_CONFIG)
    await runCli(['apply'], { cwd })
    const { stderr, exitCode } = await runCli(['plans', 'show', 'pr'], { cwd })
    expect(stderr).toContain('(did you mean pro?)')
    expect(exitCode).toBe(5)
  }, 30_000)
})
