import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import Database from 'better-sqlite3'
import { beforeEach, expect, test } from 'vitest'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { flowConfig } from '../support/flow-config.ts'
import { Load } from '../support/load.ts'
import { Project } from '../support/project.ts'
import { until } from '../support/until.ts'
import { usageRows } from '../support/usage-rows.ts'

let project: Project
let secret: string

beforeEach(async () => {
  const upstream = await CountingUpstream.start()
  project = await Project.with(flowConfig({ upstreamPort: upstream.port, threads: 2, plans: { open: {} } }))
  secret = await project.tenant('acme', 'open')
})

const LOAD = { routes: { all: '/x' } }

/** Ids of all requests in the usage log of a project. */
const requestIds = (of: Project) => new Set(usageRows(of).map((row) => row.request_id))

test('a backup under load restores to exactly the calls up to one moment: all that were answered before it', async () => {
  const serve = await project.serve()
  const load = new Load({ callers: [{ tenantId: 'acme', keyId: 'k', secret }], ...LOAD })
  const running = load.run(serve, 16)
  await until('calls pass', () => (load.received.size > 300 ? true : undefined))
  const before = new Set(load.received.keys())
  await project.run('backup', 'saved')
  const after = load.received.size
  await until('calls pass on', () => (load.received.size > after + 300 ? true : undefined))
  load.stop()
  await running
  await serve.kill()

  const copy = new Project()
  writeFileSync(copy.path('gatez.yaml'), readFileSync(project.path('gatez.yaml')))
  await copy.run('restore', project.path('saved'))
  const restored = requestIds(copy)
  expect([...before].filter((id) => !restored.has(id))).toEqual([])
  expect(restored.size).toBeLessThan(load.received.size)
  const report = await copy.json('usage', 'report')
  expect(report.total.requests).toBe(restored.size)

  // It goes on as a node of its own: what it counts adds to what was restored, with nothing twice.
  const second = await copy.serve()
  for (let call = 0; call < 5; call += 1) {
    const answer = await fetch(`http://127.0.0.1:${second.port}/x`, { headers: { 'x-api-key': secret } })
    expect(answer.status).toBe(200)
  }
  expect(await second.stop()).toBe(0)
  expect((await copy.json('usage', 'report')).total.requests).toBe(restored.size + 5)
  expect(requestIds(copy).size).toBe(restored.size + 5)
  expect(readFileSync(copy.path('.gatez/node'), 'utf8')).not.toBe(
    readFileSync(project.path('.gatez/node'), 'utf8'),
  )
})

test('a backup belongs to its owner alone, and never overwrites', async () => {
  const result = await project.json('backup', 'saved')
  expect(result.files.map(({ name }: { name: string }) => name)).toContain('control')
  expect(statSync(project.path('saved')).mode & 0o777).toBe(0o700)
  for (const name of readdirSync(project.path('saved'))) {
    expect(statSync(project.path(`saved/${name}`)).mode & 0o777, name).toBe(0o600)
  }
  const again = await project.try('backup', 'saved')
  expect(again).toMatchObject({ exitCode: 6, stderr: expect.stringMatching(/saved exists already/) })
  expect(readdirSync(project.folder).filter((name) => name.includes('partial'))).toEqual([])
})

test.each([
  { to: '/proc/saved', why: /the folder cannot be made there|may not write/ },
  { to: 'gatez.yaml/saved', why: /a file stands in its way/ },
  { to: 'x'.repeat(300), why: /its name is too long/ },
])('a backup that cannot be written says why, and leaves nothing: $to', async ({ to, why }) => {
  const before = readdirSync(project.folder)
  expect(await project.try('backup', to)).toMatchObject({ exitCode: 7, stderr: expect.stringMatching(why) })
  expect(readdirSync(project.folder)).toEqual(before)
})

test('restore refuses while a gateway serves, over other stores, and what is not a whole backup', async () => {
  await project.run('backup', 'saved')
  const serve = await project.serve()
  expect(await project.try('restore', 'saved', '--force', '--yes')).toMatchObject({
    exitCode: 7,
    stderr: expect.stringMatching(/Another gatez serve works/),
  })
  await serve.stop()
  expect(await project.try('restore', 'saved')).toMatchObject({
    exitCode: 6,
    stderr: expect.stringMatching(/There are stores already: .*gatez\.db[\s\S]*--force/),
  })
  expect(await project.try('restore', 'nothing')).toMatchObject({
    exitCode: 5,
    stderr: expect.stringMatching(/nothing is no backup/),
  })
  expect(await project.try('restore', 'saved', '--force')).toMatchObject({ exitCode: 2 })

  const path = project.path('saved/control.db')
  const bytes = readFileSync(path)
  writeFileSync(path, bytes.subarray(0, bytes.length - 1))
  const stores = readdirSync(project.path('.gatez')).sort()
  expect(await project.try('restore', 'saved', '--force', '--yes')).toMatchObject({
    exitCode: 8,
    stderr: expect.stringMatching(/control\.db is not what manifest\.json says/),
  })
  expect(readdirSync(project.path('.gatez')).sort()).toEqual(stores)
})

test('--force sets the stores aside, and the backup counts again', async () => {
  await project.run('backup', 'saved')
  await project.run('tenants', 'create', 'later', '--plan', 'open')
  const { set_aside: aside } = await project.json('restore', 'saved', '--force', '--yes')
  expect(aside[0]).toMatch(/gatez\.db\.before-restore-\d{8}T\d{6}$/)
  expect(await project.try('tenants', 'show', 'later')).toMatchObject({ exitCode: 5 })
  const old = new Database(aside[0], { readonly: true })
  expect(old.prepare("SELECT 1 FROM tenants WHERE id = 'later'").get()).toBeDefined()
  old.close()
})
