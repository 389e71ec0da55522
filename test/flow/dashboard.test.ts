import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { CATALOGUE } from '../../src/errors/catalogue.ts'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { flowConfig } from '../support/flow-config.ts'
import { Project } from '../support/project.ts'
import { RawClient } from '../support/raw-client.ts'
import { Tmux } from '../support/tmux.ts'
import { until } from '../support/until.ts'

// In a real terminal: what is drawn, what keys do, and that the terminal is as it was afterwards.

const PLANS = {
  open: {},
  tight: { limits: [{ requests: 3, per: 'day' }], keys: { max: 5, approval: 'manual' } },
}

test('in a terminal it shows live traffic, opens a call down to why, approves, and leaves no trace', async () => {
  const { project, call } = await scene()
  const statuses = [await call(), await call(), await call(), await call()]
  expect(statuses).toEqual([200, 200, 200, 429])
  const { id } = await project.json('keys', 'request', 'tight', '--name', 'shop')
  const terminal = await Tmux.open(project.folder)
  await clear(terminal)
  await start(terminal, project)
  await terminal.shows(
    /RPM 4 .* metered 100 %.*limits hit rate-limited 1.*this month 4 requests, 3 billable/s,
  )
  await terminal.press('3')
  await terminal.shows(/› tight .* 100%/)
  await terminal.press('Enter')
  await terminal.shows(/tenant-day .* 100 % {2}3 of 3/)
  await terminal.press('Enter')
  await terminal.shows(/› .*GET .* 429 /)
  await terminal.press('Enter')
  await terminal.shows(/Refused · 429 rate-limited/)
  await terminal.press('4')
  await terminal.shows(/1 waiting.*› .*tight +shop/s)
  await terminal.press('a')
  await terminal.shows(/Approved key_/)
  expect((await project.json('keys', 'show', id)).state).toBe('approved')
  expect((await terminal.state()).isOtherScreen).toBe(true)
  await terminal.resize(160, 40)
  await terminal.press('1')
  await terminal.shows(/TENANT .* UTC +METHOD +PATH/)
  await terminal.press('q')
  await isAsBefore(terminal, 0)
})

test('Ctrl-C, SIGTERM, a crash and a closed terminal: the terminal is as it was, and nothing stays', async () => {
  const { project } = await scene()
  const terminal = await Tmux.open(project.folder)
  const begin = async (before = '') => {
    await clear(terminal)
    await start(terminal, project, before)
    await terminal.shows(/\[1 traffic\].*this month 0/s)
    return Number(readFileSync(project.path('pid'), 'utf8'))
  }
  await begin()
  await terminal.press('C-c')
  await isAsBefore(terminal, 0)
  process.kill(await begin(), 'SIGTERM')
  await isAsBefore(terminal, 0)
  writeFileSync(project.path('crash.mjs'), 'process.on("SIGUSR2", () => { throw new Error("it broke") })')
  process.kill(await begin('NODE_OPTIONS="--import ./crash.mjs" '), 'SIGUSR2')
  await terminal.shows(/Error: it broke/)
  await isAsBefore(terminal, 1)
  const pid = await begin()
  process.kill(pid, 'SIGHUP')
  await until('the program is gone', () => (isAlive(pid) ? undefined : true))
})

test('its figures are those of usage report, while calls come and after', async () => {
  const { project, serve, call } = await scene('open')
  let over = false
  let made = 0
  const callOn = async () => {
    while (!over) {
      expect(await call()).toBe(200)
      made += 1
    }
  }
  const load = Promise.all([callOn(), callOn(), callOn(), callOn()])
  const reported = async () => (await project.json('usage', 'report')).total
  for (let round = 1; round <= 3; round += 1) {
    const before = await reported()
    const shown = await project.json('tui', 'dashboard')
    const after = await reported()
    expect(shown.report.total.requests).toBeGreaterThanOrEqual(before.requests)
    expect(shown.report.total.requests).toBeLessThanOrEqual(after.requests)
    expect(shown.traffic.metered_percent).toBe('100')
  }
  over = true
  await load
  await until('all of it is in the report', async () =>
    (await reported()).requests === made ? true : undefined,
  )
  const { report, traffic } = await project.json('tui', 'dashboard')
  const { requests, billable, refused } = await reported()
  expect(report.total).toMatchObject({ requests, billable, refused })
  expect(traffic).toMatchObject({ completed: made, metered: made, metered_percent: '100', refused: 0 })
  expect(made).toBeGreaterThan(100)
  expect(await serve.stop()).toBe(0)
  const stopped = await project.json('tui', 'dashboard')
  expect(stopped.traffic).toBeNull()
  expect(stopped.report.total.requests).toBe(made)
})

test('over a control API with a token that may read it shows the same, and decides nothing', async () => {
  const { project, serve, call } = await scene()
  await call()
  const token = (await project.json('tokens', 'create', 'eyes', '--scope', 'read')).secret
  await project.json('keys', 'request', 'tight', '--name', 'shop')
  const env = { GATEZ_URL: `http://127.0.0.1:${serve.controlPort}`, GATEZ_TOKEN: token, NO_COLOR: '1' }
  const terminal = await Tmux.open(project.folder, { env })
  await start(terminal, project)
  await terminal.shows(new RegExp(`127.0.0.1:${serve.controlPort}.*RPM 1 `, 's'))
  await terminal.press('4', 'a')
  await terminal.shows(/This token may only read: approve and reject need one with the scope write/)
  expect((await project.json('keys', 'requests')).length).toBe(1)
})

test('without a terminal it says so, and prints one screen where that is asked for', async () => {
  const { project } = await scene()
  const refused = await project.try('tui', 'dashboard')
  expect(refused.exitCode).toBe(CATALOGUE['not-a-terminal'].exit)
  expect(refused.stderr).toContain('--once')
  const json = await project.try('tui', 'dashboard', '--json', '--view', 'nope')
  expect(json.exitCode).toBe(2)
  const once = await project.try(
    'tui',
    'dashboard',
    '--once',
    '--view',
    'tenants',
    '--columns',
    '100',
    '--rows',
    '20',
  )
  expect(once.exitCode).toBe(0)
  expect(once.stdout.trimEnd().split('\n')).toHaveLength(20)
  expect(once.stdout).toMatch(/› tight +tight +active/)
})

test('while calls pass its memory stays as it is', async () => {
  const { project, call } = await scene('open')
  const terminal = await Tmux.open(project.folder, { columns: 200, rows: 50 })
  writeFileSync(project.path('heap.mjs'), HEAP_PROBE)
  await start(terminal, project, 'NODE_OPTIONS="--import ./heap.mjs" ')
  await terminal.shows(/RPM/)
  const heapMib = async () => {
    rmSync(project.path('heap'), { force: true })
    process.kill(Number(readFileSync(project.path('pid'), 'utf8')), 'SIGUSR2')
    const bytes = await until('the heap was looked at', () => readIfThere(project.path('heap')))
    return Number(bytes) / 1024 / 1024
  }
  let left = 0
  const callOn = async () => {
    while (left > 0) {
      left -= 1
      await call()
    }
  }
  const makeCalls = (calls: number) => {
    left = calls
    return Promise.all([callOn(), callOn(), callOn(), callOn()])
  }
  await makeCalls(WARM_UP_CALLS)
  const before = await heapMib()
  await makeCalls(WATCHED_CALLS)
  const after = await heapMib()
  await terminal.press('q')
  await terminal.shows(/rc=0/)
  // The whole hour is run by: node bin/bench.js load dashboard
  expect(after - before).toBeLessThan(RISE_MIB)
})

const [WARM_UP_CALLS, WATCHED_CALLS, RISE_MIB] = [10_000, 10_000, 2]

/** Writes down what is left on the heap after all garbage is gone, when it gets a signal. */
const HEAP_PROBE = `
import { renameSync, writeFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')
process.on('SIGUSR2', () => {
  for (let time = 0; time < 3; time += 1) collect()
  writeFileSync('heap-written', String(process.memoryUsage().heapUsed))
  renameSync('heap-written', 'heap')
})
`

/** A gateway with the tenants open and tight, and a key of one of them to call with. */
async function scene(tenant: 'open' | 'tight' = 'tight') {
  const upstream = await CountingUpstream.start()
  const project = await Project.with(flowConfig({ upstreamPort: upstream.port, threads: 1, plans: PLANS }))
  const secret = await project.tenant(tenant, tenant)
  const serve = await project.serve()
  const clients: RawClient[] = []
  const call = async () => {
    const client = clients.pop() ?? (await RawClient.connect(serve.port))
    const { status } = await client.call({ path: '/x', headers: { 'x-api-key': secret } })
    clients.push(client)
    return status
  }
  return { project, serve, call }
}

/** Leaves one word on the screen. What is typed before the shell asks for it would be wiped, or stand before its prompt. */
async function clear(terminal: Tmux): Promise<void> {
  await terminal.type('clear; echo before')
  await terminal.shows(/^before\n[$#]$/m)
}

/** Types the command; its process id is written to the file `pid`, and its exit code shown at its end. */
async function start(terminal: Tmux, project: Project, before = ''): Promise<void> {
  const program = `exec ${before ? `env ${before}` : ''}'${process.execPath}' '${project.entry}' tui dashboard`
  await terminal.type(`sh -c 'echo $$ > pid; ${program.replaceAll("'", `'"'"'`)}'; echo rc=$?`)
}

async function isAsBefore(terminal: Tmux, exitCode: number): Promise<void> {
  const screen = await terminal.shows(new RegExp(`^rc=${exitCode}\\n[$#]$`, 'm'))
  expect(screen).toMatch(/^before/m)
  expect(screen).not.toContain('[1 traffic]')
  expect(await terminal.state()).toEqual({ isOtherScreen: false, hasCursor: true })
  // Typed letters are shown again: the terminal is not raw.
  await terminal.type('echo typed-$((6*7))')
  await terminal.shows(/echo typed-\$\(\(6\*7\)\)\s+typed-42/)
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
