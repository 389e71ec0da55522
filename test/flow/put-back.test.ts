import { cpSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { flowConfig } from '../support/flow-config.ts'
import { Project } from '../support/project.ts'
import { RawClient } from '../support/raw-client.ts'
import { usageRows } from '../support/usage-rows.ts'

const CALLS = 40

/** Serves once, with so many calls; returns their ids. */
async function serveOnce(project: Project, secret: string, run: string): Promise<readonly string[]> {
  const serve = await project.serve()
  const client = await RawClient.connect(serve.port)
  const ids = Array.from({ length: CALLS }, (_, call) => `${run}-${call}`)
  for (const id of ids) {
    const { status } = await client.call({ path: '/x', headers: { 'x-api-key': secret, 'x-request-id': id } })
    expect(status).toBe(200)
  }
  client.destroy()
  expect(await serve.stop()).toBe(0)
  expect(serve.stderr).toBe('')
  return ids
}

// Not by `gatez restore`, which makes a node of its own: somebody copied files, or a server was set back.
test.each([
  { files: /^spool/, what: 'the spool', kept: true },
  { files: /^usage/, what: 'the usage log', kept: true },
  { files: /^gatez/, what: 'the control store', kept: false },
  { files: /^(?:spool|usage)/, what: 'all but the control store', kept: true },
  { files: /^(?:spool|usage|gatez)/, what: 'all stores', kept: false },
])('an old copy of $what is put back: no new event is taken for an old one', async ({ files, kept }) => {
  const upstream = await CountingUpstream.start()
  const project = await Project.with(
    flowConfig({ upstreamPort: upstream.port, threads: 2, plans: { open: {} } }),
  )
  const secret = await project.tenant('acme', 'open')
  const folder = project.path('.gatez')
  const old = project.path('old')
  const first = await serveOnce(project, secret, 'first')
  cpSync(folder, old, { recursive: true })
  await serveOnce(project, secret, 'second')
  for (const name of readdirSync(folder).filter((each) => files.test(each))) rmSync(join(folder, name))
  for (const name of readdirSync(old).filter((each) => files.test(each)))
    cpSync(join(old, name), join(folder, name))
  const third = await serveOnce(project, secret, 'third')
  const fourth = await serveOnce(project, secret, 'fourth')

  const rows = usageRows(project)
  const logged = rows.map((row) => row.request_id)
  for (const id of [...first, ...third, ...fourth]) expect(logged.filter((each) => each === id)).toEqual([id])
  const places = rows.map(({ node_id, epoch, seq }) => `${node_id} ${epoch} ${seq}`)
  expect(new Set(places).size).toBe(rows.length)
  const { total } = await project.json('usage', 'report')
  expect(total.requests).toBe(kept ? 4 * CALLS : logged.length)
})
