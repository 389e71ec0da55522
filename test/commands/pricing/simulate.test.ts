import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { changed, SMALL_CONFIG } from '../../support/config-text.ts'
import { runCli } from '../../support/run-cli.ts'
import { tempDir } from '../../support/temp-dir.ts'

/** Acme is on plan pro, at 49.00, since the middle of March. */
async function simulate(next: string, ...flags: readonly string[]) {
  const cwd = tempDir()
  const env = { GATEZ_CLOCK: '2026-03-16T12:00:00Z' }
  writeFileSync(join(cwd, 'gatez.yaml'), SMALL_CONFIG)
  writeFileSync(join(cwd, 'next.yaml'), next)
  await runCli(['apply'], { cwd, env })
  await runCli(['tenants', 'create', 'acme', '--plan', 'pro'], { cwd, env })
  return runCli(['pricing', 'simulate', '--plans', 'next.yaml', ...flags], { cwd, env })
}

test('shows each tenant before and after, and who wins', async () => {
  const { stdout, stderr, exitCode } = await simulate(changed('"49.00"', '"62.00"'))
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
  expect(stdout.replace(/─+/, '───')).toBe(`TENANT  BEFORE, USD  AFTER  CHANGE
───
acme          25.29  32.00   +6.71
Total         25.29  32.00   +6.71

0 tenants would pay less, 1 more, 0 the same.
`)
})

test('with --json prints the same as data', async () => {
  const { stdout } = await simulate(changed('"49.00"', '"0"'), '--month', '2026-04', '--json')
  expect(JSON.parse(stdout)).toMatchObject({
    tenants: [{ tenant_id: 'acme', before: '49.00', after: '0.00', change: '-49.00' }],
    winners: 1,
  })
})

test.each([
  {
    next: `${SMALL_CONFIG}billing: { currency: EUR }\n`,
    flags: [],
    exitCode: 2,
    says: 'next.yaml bills in EUR',
  },
  { next: changed('"49.00"', '49'), flags: [], exitCode: 3, says: 'must be in quotes' },
  { next: SMALL_CONFIG, flags: ['--tenant', 'amce'], exitCode: 5, says: 'did you mean acme?' },
  { next: SMALL_CONFIG, flags: ['--month', '2026-3'], exitCode: 2, says: '--month is "2026-3"' },
])('$says: exit code $exitCode', async ({ next, flags, exitCode, says }) => {
  expect(await simulate(next, ...flags)).toMatchObject({
    exitCode,
    stdout: '',
    stderr: expect.stringContaining(says),
  })
})
