import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { changed, SMALL_CONFIG } from '../../support/config-text.ts'
import { runCli } from '../../support/run-cli.ts'
import { tempDir } from '../../support/temp-dir.ts'

const CLIFF = `      - { id: calls, meter: calls, price: { model: volume, included: "5000", tiers: [{ up_to: "100", unit: "2" }, { up_to: null, unit: "1" }] } }`
const WITH_CLIFF = `${SMALL_CONFIG}${CLIFF}\n`

function lint(text: string, ...flags: readonly string[]) {
  const cwd = tempDir()
  writeFileSync(join(cwd, 'gatez.yaml'), SMALL_CONFIG)
  writeFileSync(join(cwd, 'next.yaml'), text)
  return runCli(['pricing', 'lint', 'next.yaml', ...flags], { cwd })
}

test('names plan, charge and rule, and ends with 1', async () => {
  expect(await lint(WITH_CLIFF)).toEqual({
    exitCode: 1,
    stderr: '',
    stdout: 'pro.calls cliff: 5100 calls cost 200, 5101 cost 101, and up to 5200 cost no more than 5100.\n',
  })
})

test('what is allowed is told, and ends with 0', async () => {
  const { stdout, exitCode } = await lint(WITH_CLIFF, '--allow', 'cliff', '--json')
  expect(exitCode).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({
    clean: true,
    findings: [{ plan: 'pro', charge: 'calls', rule: 'cliff', allowed: true }],
  })
  expect(await lint(WITH_CLIFF, '--allow', 'gap')).toMatchObject({ exitCode: 1 })
})

test('a file without such prices ends with 0', async () => {
  const fine = changed('on_exceed: bill', 'on_exceed: notify')
  expect(await lint(fine)).toEqual({ exitCode: 0, stderr: '', stdout: 'Nothing found in 2 plans.\n' })
})

test('a file that is wrong is told as everywhere, exit code 3', async () => {
  expect(await lint(changed('model: flat', 'model: flatt'))).toMatchObject({ exitCode: 3, stdout: '' })
})
