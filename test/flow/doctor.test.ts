import { chmodSync, truncateSync } from 'node:fs'
import { expect, test } from 'vitest'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { flowConfig } from '../support/flow-config.ts'
import { Project } from '../support/project.ts'
import { stackOfRun, testOfFiles } from '../support/stack.ts'

interface Finding {
  readonly check: string
  readonly verdict: string
  readonly detail: string
  readonly fix: string | null
}

/** What the doctor says, by what was looked at. */
async function examined(project: Project) {
  const { exitCode, stdout } = await project.try('doctor', '--json')
  const findings: readonly Finding[] = JSON.parse(stdout).findings
  return { exitCode, of: new Map(findings.map((finding) => [finding.check, finding])) }
}

test('beside a gateway that serves, all is well, and nothing is disturbed', async () => {
  const upstream = await CountingUpstream.start()
  const project = await Project.with(flowConfig({ upstreamPort: upstream.port, plans: { open: {} } }))
  const secret = await project.tenant('acme', 'open')
  const serve = await project.serve()
  const answer = await fetch(`http://127.0.0.1:${serve.port}/a`, { headers: { 'x-api-key': secret } })
  expect(answer.status).toBe(200)
  const { exitCode, of } = await examined(project)
  // The server of the tests writes nothing for good.
  const known = stackOfRun() === 'production' ? ['control store'] : []
  expect([...of.values()].filter(({ verdict }) => verdict !== 'ok').map(({ check }) => check)).toEqual(known)
  expect(exitCode).toBe(0)
  expect(of.get('gateway')?.detail).toMatch(/a gatez serve works here/)
  expect(of.get('counting')?.detail).toMatch(
    /^[01] events in the ledger and in the usage log, [01] on their way$/,
  )
  expect(await serve.stop()).toBe(0)
  expect((await examined(project)).of.get('counting')?.detail).toMatch(/^1 events .* 0 on their way$/)
})

testOfFiles('what is wrong is named with a way out, and the exit code says so', async () => {
  const upstream = await CountingUpstream.start()
  const project = await Project.with(flowConfig({ upstreamPort: 1, plans: { open: {} } }))
  await project.tenant('acme', 'open')
  await project.run('tenants', 'create', 'without')
  chmodSync(project.path('.gatez'), 0o755)
  project.changeConfig((text) =>
    text
      .replace('127.0.0.1:0', `127.0.0.1:${upstream.port}`)
      .replace('"plans": [', '"plans": [{"id":"new","routes":"all"},'),
  )
  const { exitCode, of } = await examined(project)
  expect(exitCode).toBe(1)
  expect(of.get('upstream shop')).toMatchObject({
    verdict: 'failure',
    detail: expect.stringMatching(/nothing listens/),
  })
  expect(of.get('gateway')).toMatchObject({
    verdict: 'failure',
    detail: expect.stringMatching(/already listens/),
  })
  expect(of.get('data folder')).toMatchObject({ verdict: 'warning', fix: expect.stringMatching(/chmod 700/) })
  expect(of.get('plans')).toMatchObject({ verdict: 'warning', fix: expect.stringMatching(/gatez apply/) })
  expect(of.get('tenants')).toMatchObject({ verdict: 'warning', detail: '1 of 2 have no plan: without' })

  const text = (await project.try('doctor')).stdout
  expect(text).toMatch(/\n✗ upstream shop: [^\n]*\n {2}→ /)
})

testOfFiles('a damaged store is found, and a file that is wrong or not there', async () => {
  const project = await Project.with(flowConfig({ upstreamPort: 1, plans: { open: {} } }), { near: true })
  await project.tenant('acme', 'open')
  truncateSync(project.path('.gatez/gatez.db'), 20_000)
  const damaged = await examined(project)
  expect(damaged.of.get('control store')).toMatchObject({
    verdict: 'failure',
    fix: expect.stringMatching(/restore/),
  })

  project.changeConfig((text) => text.replace('"version": 1', '"version": 7'))
  const wrong = await examined(project)
  expect(wrong.exitCode).toBe(1)
  expect(wrong.of.get('configuration')).toMatchObject({ verdict: 'failure' })
  expect((await examined(new Project())).of.get('configuration')).toMatchObject({
    verdict: 'failure',
    fix: expect.stringMatching(/gatez init/),
  })
})
