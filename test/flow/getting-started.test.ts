import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { freePort } from '../../src/cli/demo/free-port.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { programFolder } from '../support/build-programs.ts'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { Project } from '../support/project.ts'
import { plainEnvironment } from '../support/run-cli.ts'

const PAGE = join(import.meta.dirname, '../../docs/getting-started.md')
const PROGRAM = join(programFolder('lib'), 'gatez.js')

/** The page promises five minutes to a reader; a machine must need far less. */
const SECONDS_MAX = 60

test('every block of the page runs in an empty folder, in order, and shows what the page says', async () => {
  const upstream = await CountingUpstream.start()
  const project = new Project()
  const port = await freePort(0)
  const blocks = [...readFileSync(PAGE, 'utf8').matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(
    ([, block]) => block ?? '',
  )
  expect(blocks.length).toBeGreaterThan(8)
  const script = blocks
    .map((block, index) => `echo\necho "--- ${index}"\n${block}`)
    .join('\n')
    // What a reader waits for is there within a second; a machine that runs all tests at once may be slower.
    .replaceAll(/^sleep \d$/gm, 'sleep 3')
    .replaceAll('127.0.0.1:9000', `127.0.0.1:${upstream.port}`)
    .replaceAll('127.0.0.1:8080', `127.0.0.1:${port}`)
    .replace('gatez serve --upstream', `gatez serve --listen 127.0.0.1:${port} --upstream`)
    .replace('version: 1', `version: 1\ngateway: { listen: "127.0.0.1:${port}" }`)

  const bin = project.path('bin')
  mkdirSync(bin)
  const shim = join(bin, 'gatez')
  writeFileSync(shim, `#!/bin/sh\nexec '${process.execPath}' '${PROGRAM}' "$@"\n`)
  chmodSync(shim, 0o755)
  const folder = project.path('empty')
  mkdirSync(folder)
  writeFileSync(project.path('all.sh'), `set -eu\ntrap 'kill %1 2>/dev/null || true' EXIT\n${script}`)
  const startMs = systemClock.monotonicMs()
  const env = { ...plainEnvironment(), PATH: `${bin}:${process.env.PATH}` }
  const options = { cwd: folder, env, timeout: SECONDS_MAX * 1_000 }
  const { stdout } = await promisify(execFile)('bash', [project.path('all.sh')], options)
  expect((systemClock.monotonicMs() - startMs) / 1000).toBeLessThan(SECONDS_MAX)

  const shown = stdout.split(/^--- \d+$/m).slice(1)
  expect(shown[0]).toMatch(/\{"status":"ok"\}[\s\S]*shown this once:\n\n {2}gz_live_\w+/)
  expect(shown[1]).toMatch(/"code":"missing-credential"[\s\S]*HTTP\/1\.1 200 OK\r\n/)
  expect(shown[2]).toMatch(/^default +.*\n(?:.*\n)*Total +2? /m)
  expect(shown[3]).toMatch(
    /"tenant_id":"default"[\s\S]*"limits":\[\{"id":"tenant-minute","limit":60,"used":1,"remaining":59/,
  )
  expect(shown[4]).toMatch(/gatez\.yaml is valid[\s\S]*^free +Free [\s\S]*^pro +Pro /m)
  expect(shown[5]).toMatch(/200 200 200 200 200 429 429 [\s\S]*"upgrade_to":\["default","pro"\]/)
  expect(shown[6]).toMatch(
    /Refused \(429 rate-limited\)[\s\S]*had 5 of 5 used[\s\S]*Tenant acme is on plan pro[\s\S]*^200$/m,
  )
  expect(shown[7]).toMatch(/^acme +Acme Inc +8 +6 +2 [\s\S]*\n[^\n]*,acme,Acme Inc,key_\w+,default,8,6,2,6,/m)
  expect(shown[8]).toMatch(/0 failures[\s\S]*Backed up to saved/)
  expect(upstream.seen).toBe(7)
})
