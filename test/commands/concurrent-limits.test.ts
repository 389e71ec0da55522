import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { changed } from '../support/config-text.ts'
import { runCli } from '../support/run-cli.ts'
import { tempDir } from '../support/temp-dir.ts'

const withLimits = (limits: string) => changed('limits: [{ requests: 100, per: day }]', `limits: [${limits}]`)

test('a limit of calls at a time reads well where plans are shown and compared', async () => {
  const cwd = tempDir()
  writeFileSync(
    join(cwd, 'gatez.yaml'),
    withLimits('{ concurrent: 5 }, { concurrent: 1, scope: key, id: of-one-and-the-same-key }'),
  )
  await runCli(['apply'], { cwd })
  const { stdout } = await runCli(['plans', 'show', 'free'], { cwd })
  const lines = stdout.split('\n')
  expect(lines).toContain('Limit tenant-concurrent       5 at a time')
  expect(lines).toContain('Limit of-one-and-the-same-key 1 at a time a key')
  expect(lines).toContain('Name                          free')
  const shown = await runCli(['plans', 'show', 'free', '--json'], { cwd })
  expect(JSON.parse(shown.stdout).limits[0]).toMatchObject({ counts: 'concurrent', amount: 5, per: 'moment' })

  writeFileSync(join(cwd, 'next.yaml'), withLimits('{ concurrent: 3 }, { concurrent: null, scope: route }'))
  const diff = await runCli(['plans', 'diff', 'next.yaml'], { cwd })
  expect(diff.stdout).toMatch(/- 5 calls at a time, by tenant\n +\+ 3 calls at a time, by tenant\n/)
  expect(diff.stdout).toContain('unlimited calls at a time, by route')
  expect(diff.exitCode).toBe(1)
}, 30_000)
