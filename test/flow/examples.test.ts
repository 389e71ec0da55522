import { execFile } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { COMMANDS, TOPICS } from '../../commands/index.ts'
import { loadAllCommands } from '../../src/cli/command-table.ts'
import { programFolder } from '../support/build-programs.ts'
import { plainEnvironment } from '../support/run-cli.ts'

// Every example of every help text is run, in a folder of its own where what it names is there.

const EXAMPLES = (await loadAllCommands()).flatMap((command) =>
  (command.examples ?? []).map((example) =>
    String(example)
      .replaceAll('<%= config.bin %>', 'gatez')
      .replaceAll('<%= command.id %>', command.id.replaceAll(':', ' ')),
  ),
)

/** What must be done before, for examples that begin so; the longest that fits. */
const BEFORE: Readonly<Record<string, string>> = {
  'gatez init': 'cd empty',
  'gatez demo': 'cd empty',
  'gatez serve --upstream': 'cd empty',
  'gatez tenants resume': 'gatez tenants suspend acme',
  'gatez tenants override acme --unset': 'gatez tenants override acme --limit tenant-day=5',
  'gatez members': 'gatez tenants invite acme ann@example.com',
  'gatez restore backups/monday': 'gatez backup backups/monday; rm -r .gatez',
  'gatez restore backups/monday --force': 'gatez backup backups/monday',
  'gatez why': 'served',
  'gatez usage explain': 'served',
  'gatez usage explain usage.csv': 'served; gatez usage export > usage.csv',
  'gatez usage void': 'gatez usage import answered.jsonl',
}

/** Exit codes other than 0, and why. */
const EXITS: Readonly<Record<string, number>> = {
  // Nobody is there to say yes.
  'gatez members remove acme ann@example.com': 2,
  // It has keys and a plan.
  'gatez tenants delete acme': 6,
  // key.txt holds a key.
  'gatez keys scan .': 8,
  'gatez keys scan . --history': 8,
  // There is no upstream.
  'gatez doctor': 1,
  'gatez doctor --json': 1,
}

/** Those that stay until they are ended. */
const STAYS = /^gatez (?:serve|demo$|usage tail(?!.*--no-follow))/

const CONFIG = `
version: 1
gateway: { listen: "127.0.0.1:0" }
apis:
  - id: shop
    upstream: http://127.0.0.1:1
    routes:
      - { id: search, match: GET /v1/search }
      - { id: lookup, match: "GET /v1/lookup/{id}" }
      - { id: analyze, match: POST /v1/analyze, requires: [ai] }
features: { ai: AI endpoints }
meters: [{ id: emails, from: event }]
plans:
  - id: free
    routes: all
    keys: { max: 20, approval: manual }
    limits: [{ requests: 100, per: day }]
    quotas: [{ meter: calls, per: month, included: 1000 }]
  - { id: pro, routes: all, keys: { max: 20, approval: manual } }
`

/** Starts a gateway, and sends it two calls with the ids of the examples. */
const SERVED = `served() {
  gatez serve > serve.log & server=$!
  until grep -q 'listens on' serve.log; do sleep 0.05; done
  url=$(grep -o 'http://127.0.0.1:[0-9]*' serve.log)
  for id in 01KKBSWHG0SEB9A0010000Y5WW order-4711-retry-2; do
    curl -s -o answer.json -H "x-api-key: $ACME_KEY" -H "x-request-id: $id" "$url/v1/search"
  done
  kill $server; wait $server
}`

let base: string
const keys = { requested: ['', ''], approved: [''], active: ['', ''] }
let secret = ''
let token = ''

beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), 'gatez-test-'))
  mkdirSync(join(base, 'bin'))
  const shim = join(base, 'bin/gatez')
  writeFileSync(shim, `#!/bin/sh\nexec '${process.execPath}' '${programFolder('lib')}/gatez.js' "$@"\n`)
  chmodSync(shim, 0o755)
  const folder = join(base, 'base')
  mkdirSync(join(folder, 'empty'), { recursive: true })
  writeFileSync(join(folder, 'gatez.yaml'), CONFIG)
  for (const name of ['staging.yaml', 'next.yaml']) writeFileSync(join(folder, name), CONFIG)
  writeFileSync(join(folder, 'prices.yaml'), '{ price: { model: per_unit, unit: "0.10" }, quantity: 12 }')
  writeFileSync(join(folder, 'keys.csv'), 'tenant,name,key\nacme,old,0123456789abcdef0123456789abcdef\n')
  const event = (id: string) =>
    JSON.stringify({ tenant_id: 'acme', metric: 'emails', value: 1, idempotency_key: id })
  writeFileSync(join(folder, 'events.jsonl'), `${event('a')}\n${event('b')}\n`)
  const call = {
    timestamp: new Date().toISOString(),
    method: 'GET',
    endpoint: '/v1/search',
    status_code: 200,
  }
  writeFileSync(join(folder, 'calls.jsonl'), `${JSON.stringify({ ...call, customer_id: 'acme', id: 'c' })}\n`)
  // What was served here was answered 502, and so never billed.
  const answered = ['01KKBSWHG0SEB9A0010000Y5WW', 'order-4711-retry-2'].map((id) =>
    JSON.stringify({ ...call, customer_id: 'acme', id }),
  )
  writeFileSync(join(folder, 'answered.jsonl'), `${answered.join('\n')}\n`)
  const run = async (line: string) => JSON.parse((await shell(line, folder)).stdout)
  await shell('gatez apply && gatez tenants create acme --plan free', folder)
  for (const list of [keys.requested, keys.approved]) {
    for (const index of list.keys()) list[index] = (await run('gatez keys request acme --json')).id
  }
  await shell(`gatez keys approve ${keys.approved[0]}`, folder)
  for (const index of keys.active.keys()) {
    const made = await run('gatez keys create acme --json')
    keys.active[index] = made.id
    secret = made.secret
  }
  writeFileSync(join(folder, 'key.txt'), secret)
  token = (await run('gatez tokens create job --scope events --json')).id
  await shell(
    'git init -q . && git add gatez.yaml && git -c user.name=a -c user.email=a@b commit -qm a',
    folder,
  )
}, 60_000)

afterAll(() => rmSync(base, { recursive: true, force: true }))

test.concurrent.for(EXAMPLES)('%s', { timeout: 60_000 }, async (example, { expect: expectHere }) => {
  const folder = mkdtempSync(join(base, 'run-'))
  cpSync(join(base, 'base'), folder, { recursive: true })
  const { exitCode, stdout, stderr } = await shell(scriptOf(example), folder)
  expectHere(exitCode, `${example}\n${stdout}\n${stderr}`).toBe(EXITS[example] ?? 0)
  expectHere(stderr).not.toMatch(/Internal error/)
})

const COMMAND_NAMES = Object.keys(COMMANDS).map((id) => id.replaceAll(':', ' '))

test.concurrent.for(['', ...COMMAND_NAMES, ...Object.keys(TOPICS)])(
  'gatez %s --help fits 80 columns',
  async (name, { expect: expectHere }) => {
    const { exitCode, stdout } = await shell(`gatez ${name} --help`, base)
    expectHere(exitCode).toBe(0)
    expectHere(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
  },
)

test('every exception is one of an example that is there', () => {
  expect(Object.keys(EXITS).filter((example) => !EXAMPLES.includes(example))).toEqual([])
  const begins = Object.keys(BEFORE).filter((begin) => !EXAMPLES.some((example) => example.startsWith(begin)))
  expect(begins).toEqual([])
})

function scriptOf(example: string): string {
  const begin = Object.keys(BEFORE)
    .filter((each) => example.startsWith(each))
    .sort((one, other) => other.length - one.length)[0]
  const before = begin === undefined ? '' : `{ ${BEFORE[begin]}; } > /dev/null`
  const line = example
    .replaceAll(/key_2f6k8m0q1r3t5w7x9z2b/g, keyFor(example, 0))
    .replaceAll(/key_7q1r3t5w7x9z2b2f6k8m/g, keyFor(example, 1))
    .replaceAll('tok_2f6k8m0q1r3t5w7x9z2b', token)
    .replaceAll('/etc/gatez/gatez.yaml', 'gatez.yaml')
    // An id is never used again.
    .replace('tenants create acme', 'tenants create fresh')
    .replaceAll('127.0.0.1:8090', '127.0.0.1:0')
    .replace(/^gatez serve --upstream/, 'gatez serve --listen 127.0.0.1:0 --upstream')
    .replace(/ \| jq .*/, ' > /dev/null')
  const stays = STAYS.test(example)
    ? line.replace(/^gatez/, 'timeout --foreground --preserve-status -s TERM 6 gatez')
    : line
  return `${SERVED}\n${before}\n${stays}`
}

/** A key in the state that a command wants. */
function keyFor(example: string, index: number): string {
  const command = /^gatez keys (\w+)/.exec(example)?.[1] ?? ''
  const list =
    { approve: keys.requested, reject: keys.requested, reveal: keys.approved }[command] ?? keys.active
  return list[index] ?? ''
}

function shell(
  line: string,
  cwd: string,
): Promise<{ readonly exitCode: number; readonly stdout: string; readonly stderr: string }> {
  const env = { ...plainEnvironment(), PATH: `${join(base, 'bin')}:${process.env.PATH}`, ACME_KEY: secret }
  return new Promise((resolve) => {
    execFile('bash', ['-c', line], { cwd, env, timeout: 50_000 }, (error, stdout, stderr) => {
      const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
      resolve({ exitCode, stdout, stderr })
    })
  })
}
