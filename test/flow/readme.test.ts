import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { freePort } from '../../src/cli/demo/free-port.ts'
import { ROOT } from '../architecture/source-files.ts'
import { programFolder } from '../support/build-programs.ts'
import { Project } from '../support/project.ts'
import { plainEnvironment } from '../support/run-cli.ts'

const PROGRAM = join(programFolder('lib'), 'gatez.js')
const README = readFileSync(join(ROOT, 'README.md'), 'utf8')

/** A command of the tour, and what the page says that it prints. */
interface Step {
  readonly command: string
  readonly shown: readonly string[]
}

/** All commands of the page, in order. An invoice needs a month to have passed: test/golden/invoices.test.ts holds that one. */
function steps(): readonly Step[] {
  const blocks = [...README.matchAll(/^```console\n([\s\S]*?)^```$/gm)].map(([, block]) => block ?? '')
  return blocks
    .flatMap((block) => block.split(/^\$ /m).slice(1))
    .map((text) => text.split('\n'))
    .map(([command = '', ...shown]) => ({ command, shown: shown.filter((line) => line.trim() !== '') }))
    .filter(({ command }) => !command.startsWith('gatez invoices'))
}

test('every command of the tour in the README runs, in order, and begins its answer as the page says', async () => {
  const all = steps()
  expect(all.length).toBeGreaterThan(10)
  const [port, upstreamPort, controlPort] = [await freePort(0), await freePort(0), await freePort(0)]
  const project = new Project()
  const bin = project.path('bin')
  mkdirSync(bin)
  writeFileSync(join(bin, 'gatez'), `#!/bin/sh\nexec '${process.execPath}' '${PROGRAM}' "$@"\n`)
  writeFileSync(join(bin, 'node'), `#!/bin/sh\nexec '${process.execPath}' "$@"\n`)
  for (const name of ['gatez', 'node']) chmodSync(join(bin, name), 0o755)
  const ports = `s/127.0.0.1:8080/127.0.0.1:${port}/; s/127.0.0.1:8081/127.0.0.1:${controlPort}/; s/127.0.0.1:9000/127.0.0.1:${upstreamPort}/`
  const script = all
    .map(({ command }, index) => `echo\necho "--- ${index}"\n${command}`)
    .join('\n')
    .replace('cd demo', `cd demo; sed -i '${ports}' gatez.yaml`)
    .replace('node upstream.js &', `PORT=${upstreamPort} node upstream.js & sleep 1`)
    .replace(
      'gatez serve &',
      "gatez serve > serve.log & until grep -qs 'Control API' serve.log; do sleep 0.2; done; cat serve.log",
    )
    .replace(
      'gatez keys create acme',
      'gatez keys create acme | tee ../key.txt\nKEY=$(grep -o "gz_live_[0-9A-Za-z]*" ../key.txt)',
    )
    .replace("'x-api-key: gz_live_M4Fz…'", '"x-api-key: $KEY"')
    .replaceAll('localhost:8080', `127.0.0.1:${port}`)
    .replace(
      /^(gatez keys request .*)$/m,
      '$1 | tee ../asked.txt\nASKED=$(grep -o "key_[0-9a-z]*" ../asked.txt | head -1)',
    )
    .replaceAll(/(keys (?:approve|reveal)) key_\w+/g, '$1 $ASKED')
    .replace('gatez usage report', 'sleep 3\ngatez usage report')
    .replace(/--month \d{4}-\d\d/, '--month $(date -u +%Y-%m)')
    .replace(
      'gatez config check',
      "sed -i '0,/per: day/s//per: dya/; 0,/    routes: all/s//    route: all/' gatez.yaml\ngatez config check || true",
    )
  writeFileSync(project.path('all.sh'), `set -eu\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n${script}`)
  mkdirSync(project.path('empty'))
  const env = { ...plainEnvironment(), PATH: `${bin}:${process.env.PATH}` }
  const options = { cwd: project.path('empty'), env, timeout: 90_000 }
  const { stdout } = await promisify(execFile)(
    'bash',
    ['-c', `exec 2>&1; . '${project.path('all.sh')}'`],
    options,
  )

  const printed = stdout.split(/^--- \d+$/m).slice(1)
  const missing = all.filter(({ shown }, index) => {
    const [first] = shown
    return first !== undefined && !plain(printed[index] ?? '').includes(plain(first))
  })
  expect(missing, stdout).toEqual([])
})

test('every other block of commands is npm start or npm test, which the checks of every change run', () => {
  const blocks = [...README.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block]) => block ?? '')
  const commands = blocks.flatMap((block) => block.split('\n').map((line) => line.replace(/\s*#.*$/, '')))
  expect(commands.filter((command) => command !== '')).toEqual(['npm start', 'npm test'])
})

/** Without what differs from run to run: ids, keys, times, numbers, and how far columns are apart. */
function plain(text: string): string {
  return text
    .replaceAll(/\b(?:key|gz_live)_[0-9A-Za-z…]+/g, 'ID')
    .replaceAll(/\b[0-9A-HJKMNP-TV-Z]{26}\b/g, 'ULID')
    .replaceAll(/\d[\d.,:TZ-]*/g, '0')
    .replaceAll(/[ \t]+/g, ' ')
}
