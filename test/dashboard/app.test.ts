import { render } from 'ink'
import { createElement } from 'react'
import { expect, onTestFinished, test } from 'vitest'
import { App } from '../../src/dashboard/app.tsx'
import { Board } from '../../src/dashboard/board.ts'
import { NOTHING_YET } from '../../src/dashboard/board-data.ts'
import { wishOf } from '../../src/dashboard/screen.ts'
import { firstUi, type View } from '../../src/dashboard/ui-state.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { startControl, type TestControl } from '../support/control.ts'
import { FakeTerminal } from '../support/fake-terminal.ts'
import { until } from '../support/until.ts'

// The whole dashboard on a terminal that is none, over a control API that is real but has no socket.

const ENTER = '\r'
const ESCAPE = '\u001b'

test('the first page shows what the gateway counted, the busiest tenants and the last calls', async () => {
  const { terminal, control } = await startDashboard()
  control.traffic.completed(3)
  control.traffic.durable(3, 3, 1)
  for (const status of [200, 200, 503]) control.traffic.ended(status, 4, 3, 10, 0)
  control.traffic.refused('rate-limited', 429)
  control.trafficWindow.look()
  const frame = await shows(terminal, /RPM 4 .* p95 .* errors 25 % .* metered 100 %/s)
  expect(frame).toContain('limits hit rate-limited 1')
  expect(frame).toMatch(/TENANT +PLAN +STATE +REQUESTS +LIMIT/)
  expect(frame).toMatch(/alpha +free +active +2 /)
  expect(frame).toMatch(/GET +\/v1\/search +200 .* alpha/)
})

test('one goes from a tenant to its key, to a call of it, to why, and back the same way', async () => {
  const { terminal } = await startDashboard('tenants')
  await shows(terminal, /› alpha +free/)
  terminal.press(ENTER)
  await shows(terminal, /› alpha .*Alpha Inc {2}active on free, 1 of 5 keys.*› default +active/s)
  terminal.press(ENTER)
  await shows(terminal, /default {2}active gz_live_.* of alpha.*› .*GET +\/v1\/search/s)
  terminal.press(ENTER)
  const why = await shows(terminal, /event +01/)
  expect(why).toMatch(/GET \/v1\/(search|analyze)\n(Billed|Not billed) · 200/)
  terminal.press(ESCAPE)
  await shows(terminal, /default {2}active gz_live_.* of alpha/)
  terminal.press('\u001b[D')
  await shows(terminal, /active on free, 1 of 5 keys/)
  terminal.press('\u001b[D')
  await shows(terminal, /2 of 2 tenants, by most requests.*› alpha/s)
})

test('a approves the chosen request, r rejects it with the reason that is typed', async () => {
  const { terminal, control } = await startDashboard('approvals')
  const [first, second] = [await requested(control, 'one'), await requested(control, 'two')]
  terminal.press('u')
  await shows(terminal, /2 waiting.*› .*one.*two/s)
  terminal.press('a')
  await shows(terminal, new RegExp(`1 waiting.*Approved ${first}`, 's'))
  terminal.press(`r`)
  await shows(terminal, /reason: ▏/)
  terminal.press('not now')
  await shows(terminal, /reason: not now▏/)
  terminal.press(ENTER)
  await shows(terminal, new RegExp(`0 waiting.*Rejected ${second}`, 's'))
  const client = control.client()
  expect((await client.call('showKey', { key: first })).state).toBe('approved')
  expect(await client.call('showKey', { key: second })).toMatchObject({
    ...{ state: 'rejected', decision_reason: 'not now' },
  })
})

test('when somebody else decides the chosen request, a does not act on the one that took its place', async () => {
  const { terminal, control } = await startDashboard('approvals')
  const [first, second] = [await requested(control, 'one'), await requested(control, 'two')]
  terminal.press('u')
  await shows(terminal, /2 waiting.*› .*one.*two/s)
  await control.client().call('rejectKeys', { keys: [first] })
  terminal.press('u')
  await shows(terminal, /1 waiting.*› .*two/s)
  terminal.press('a')
  await shows(terminal, /decided already; this is another/)
  expect((await control.client().call('showKey', { key: second })).state).toBe('requested')
  terminal.press('a')
  await shows(terminal, new RegExp(`0 waiting.*Approved ${second}`, 's'))
})

test('with a token that may only read, approving is not offered, and its keys say why', async () => {
  const { terminal, control } = await startDashboard('approvals', { scopes: 'read' })
  const id = await requested(control, 'one')
  terminal.press('u')
  await shows(terminal, /1 waiting.*This token may only read/s)
  for (const key of ['a', 'r']) {
    terminal.press(key)
    await shows(terminal, /approve and reject need one with the scope write\.\s+\? help/)
  }
  expect((await control.client().call('showKey', { key: id })).state).toBe('requested')
})

test('what is searched for is all that is shown, statuses are filtered, and paused nothing moves', async () => {
  const { terminal, control } = await startDashboard('tail')
  await shows(terminal, /2 of the last 2 calls, every status/)
  terminal.press('/')
  terminal.press('analyze')
  await shows(terminal, /1 of the last 2 calls.*match "analyze".*search: analyze▏/s)
  terminal.press(ENTER)
  terminal.press('f')
  await shows(terminal, /only 4xx,5xx.*No calls/s)
  terminal.press('fff')
  await shows(terminal, /1 of the last 2 calls, every status, that match "analyze"/)
  terminal.press(ESCAPE)
  await shows(terminal, /2 of the last 2 calls, every status\s/)
  terminal.press('p')
  await shows(terminal, /PAUSED/)
  await importCalls(control, ['more-1'])
  terminal.press(' ')
  await shows(terminal, /live .*3 of the last 3 calls/s)
})

test('what cannot be read is said in words, and what was read before stays', async () => {
  const { terminal, control, fail } = await startDashboard('tenants')
  await shows(terminal, /› alpha/)
  fail()
  terminal.press('u')
  const frame = await shows(terminal, /http:\/\/localhost does not answer/)
  expect(frame).toContain('› alpha')
  expect(control.faults).toEqual([])
})

test.each([
  { columns: 60, rows: 16, why: 'the smallest' },
  { columns: 80, rows: 24, why: 'a usual one' },
  { columns: 160, rows: 50, why: 'a wide one' },
  { columns: 300, rows: 90, why: 'a very wide one' },
])('every page fits a terminal of $columns × $rows: $why', async ({ columns, rows }) => {
  const { terminal } = await startDashboard('traffic', { columns, rows })
  for (const [key, words] of [
    ['1', /this month 2/],
    ['2', /METHOD/],
    ['3', /› alpha/],
    ['4', /waiting/],
    ['5', /this period .* forecast .* a month/],
    ['6', /upstream/],
    ['?', /Keys/],
  ] as const) {
    terminal.press(key)
    const lines = (await shows(terminal, words)).split('\n')
    expect(lines).toHaveLength(rows)
    expect(Math.max(...lines.map((each) => each.length))).toBeLessThanOrEqual(columns)
  }
})

test('too small a terminal says what it needs, and a larger one is used at once', async () => {
  const { terminal } = await startDashboard('traffic', { columns: 30, rows: 5 })
  await shows(terminal, /gatez needs 60×16; this is\s+30×5/)
  terminal.resize(150, 30)
  const frame = await shows(terminal, /RPM 0/)
  expect(frame).toMatch(/TENANT .* UTC +METHOD +PATH/)
})

test('no colour is drawn where the terminal wants none', async () => {
  const { terminal } = await startDashboard('tenants')
  await shows(terminal, /› alpha/)
  expect(terminal.all.includes('\u001b[')).toBe(false)
})

test('q and Ctrl-C leave, and the terminal is as it was', async () => {
  for (const key of ['q', '\u0003']) {
    const { terminal, left } = await startDashboard()
    await shows(terminal, /RPM/)
    expect(terminal.isRaw).toBe(true)
    terminal.press(key)
    await left
    expect(terminal.isRaw).toBe(false)
  }
})

/** Starts it over two tenants, alpha with a key and two calls. Ended when the test is over. */
async function startDashboard(view: View = 'traffic', options: DashboardOptions = {}) {
  const { columns, rows, scopes = 'owner' } = options
  const control = await startControl()
  const owner = control.client()
  await owner.call('createTenant', { id: 'alpha', name: 'Alpha Inc', plan: 'free' })
  await owner.call('createTenant', { id: 'beta', plan: 'pro' })
  const key = await owner.call('createKey', { tenant: 'alpha', name: 'default' })
  await importCalls(control, ['first', 'second'], key.secret)
  const token = await control.token(scopes)
  let fails = false
  const client = control.client(token, () => fails)
  const terminal = new FakeTerminal({ ...(columns && { columns }), ...(rows && { rows }) })
  const first = firstUi(view)
  const board = new Board({ client, clock: systemClock, wish: wishOf(NOTHING_YET, first) })
  const props = { board, client, place: 'gatez.yaml', first, hasColours: false }
  const app = render(createElement(App, props), {
    ...{ stdin: terminal.stdin, stdout: terminal.stdout, debug: true, exitOnCtrlC: false, interactive: true },
    patchConsole: false,
  })
  board.start()
  onTestFinished(() => {
    board.stop()
    app.unmount()
    app.cleanup()
  })
  const fail = () => {
    fails = true
  }
  return { terminal, control, fail, left: app.waitUntilExit() }
}

interface DashboardOptions {
  readonly columns?: number
  readonly rows?: number
  readonly scopes?: string
}

async function shows(terminal: FakeTerminal, words: RegExp): Promise<string> {
  const look = () => (words.test(terminal.frame) ? terminal.frame : undefined)
  return until(`the screen shows ${words}`, look).catch((error: unknown) => {
    throw new Error(`${error}; it shows:\n${terminal.frame}`)
  })
}

async function requested(control: TestControl, name: string): Promise<string> {
  control.clock.advance(1_000)
  return (await control.client().call('requestKey', { tenant: 'beta', name, reason: `for ${name}` })).id
}

/** Brings calls of alpha in: what a gateway would have counted. */
async function importCalls(control: TestControl, ids: readonly string[], secret?: string): Promise<void> {
  const rows = ids.map((id, index) => ({
    ...{ id, customer_id: 'alpha', timestamp: new Date(control.clock.nowMs()).toISOString(), method: 'GET' },
    ...{
      endpoint: index === 0 ? '/v1/search' : '/v1/analyze',
      status_code: 200,
      ...(secret && { api_key: secret }),
    },
  }))
  const body = rows.map((row) => `${JSON.stringify(row)}\n`).join('')
  expect(await control.client().call('importUsage', {}, { body })).toMatchObject({ accepted: ids.length })
}
