import { mkdirSync, readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { Project } from '../support/project.ts'
import { runCli } from '../support/run-cli.ts'
import { until } from '../support/until.ts'

/** A project whose programs make their temporary folders in `tmp`. */
function projectWithTmp(): { readonly project: Project; readonly tmp: string } {
  const place = new Project()
  const tmp = place.path('tmp')
  mkdirSync(tmp)
  return { project: new Project({ env: { TMPDIR: tmp } }), tmp }
}

test('demo --once shows the way and what was counted, and leaves nothing behind', async () => {
  const { project, tmp } = projectWithTmp()
  const printed = await project.run('demo', '--once')
  for (const step of [
    'gatez init',
    'gatez serve',
    'gatez tenants create acme',
    'gatez keys create',
    '178 calls',
  ]) {
    expect(printed).toContain(step)
  }
  expect(printed).toMatch(/^Total +178 +163 +13 +183 /m)
  expect(Math.max(...printed.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
  expect(readdirSync(tmp)).toEqual([])
  expect(readdirSync(project.folder)).toEqual([])
})

test('with --json it prints the numbers alone', async () => {
  const { project } = projectWithTmp()
  const { calls, statuses, report } = await project.json('demo')
  expect(statuses).toEqual({ 200: 163, 404: 2, 403: 3, 429: 10 })
  expect(calls).toBe(178)
  expect(report.total).toMatchObject({ requests: 178, billable: 163, refused: 13 })
})

test.each(['SIGINT', 'SIGTERM'] as const)(
  'it stays until %s: the line of curl works, the pages open, other commands see it; then its folder is gone',
  async (signal) => {
    const { project, tmp } = projectWithTmp()
    const demo = project.spawn('demo')
    const [, key, url] = await until(
      'it stays',
      () =>
        /curl -i -H 'x-api-key: (gz_live_\w+)' '(\S+)'[\s\S]*Ctrl-C ends it/.exec(demo.stdout) ?? undefined,
      30_000,
    )
    const answer = await fetch(url ?? '', { headers: { 'x-api-key': key ?? '' } })
    expect(answer.status).toBe(200)
    const [folder] = readdirSync(tmp)
    const report = await runCli(['usage', 'report', '--json'], { cwd: `${tmp}/${folder}` })
    expect(JSON.parse(report.stdout).total.requests).toBeGreaterThanOrEqual(178)
    const [, control = '', token] = /^ {2}(http:\S+)\/operator#(\S+)$/m.exec(demo.stdout) ?? []
    const entry = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
    }
    expect((await fetch(`${control}/api/v1/session`, entry)).status).toBe(201)
    const [, member] = /^ {2}http:\S+\/portal\/link#(\S+)$/m.exec(demo.stdout) ?? []
    const password = 'correct horse battery'
    const joining = { ...entry, body: JSON.stringify({ token: member, password }) }
    expect((await fetch(`${control}/api/portal/v1/session/link`, joining)).status).toBe(201)
    const link = await runCli(['tokens', 'link', '--json'], { cwd: `${tmp}/${folder}` })
    expect(JSON.parse(link.stdout).url).toMatch(`${control}/operator#`)

    process.kill(demo.pid, signal)
    expect(await demo.exitCode()).toBe(0)
    expect(demo.stdout).toMatch(/Stopped; the folder is removed\.\n$/)
    expect(readdirSync(tmp)).toEqual([])
  },
)

test('ended on its way, it removes its folder too', async () => {
  const { project, tmp } = projectWithTmp()
  const demo = project.spawn('demo')
  await until('it began', () => (readdirSync(tmp).length > 0 ? true : undefined))
  await until('it has said so', () => (demo.stdout.includes('gatez init') ? true : undefined))
  demo.terminate()
  expect(await demo.exitCode()).toBe(0)
  expect(readdirSync(tmp)).toEqual([])
})
