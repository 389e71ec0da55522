import { mkdirSync, writeFileSync } from 'node:fs'
import { beforeEach, describe, expect, test } from 'vitest'
import { CATALOGUE, type ErrorCode } from '../../src/errors/catalogue.ts'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { makeReadOnly, mountSmallDisk } from '../support/disks.ts'
import { flowConfig } from '../support/flow-config.ts'
import { Project } from '../support/project.ts'
import type { CliResult } from '../support/run-cli.ts'

let upstream: CountingUpstream
let project: Project

beforeEach(async () => {
  upstream = await CountingUpstream.start()
  project = await Project.with(flowConfig({ upstreamPort: upstream.port, plans: { open: {} } }), {
    near: true,
  })
})

/** Holds that a command ended as it should: one message, one way out, its exit code, nothing of our inside. */
function expectProblem(result: CliResult, code: ErrorCode, detail: RegExp): void {
  expect(result).toMatchObject({ exitCode: CATALOGUE[code].exit, stdout: '' })
  expect(result.stderr.split(': ')[0]).toBe(CATALOGUE[code].title)
  expect(result.stderr).toMatch(detail)
  expect(result.stderr).toMatch(/\n→ .+[.]\n$/)
  expect(result.stderr).not.toMatch(/\n\s+at |Error:|SQLITE|node:|DEBUG/)
}

describe('serve says in words, with the way out and an exit code, that', () => {
  test('the configuration is wrong, with all lines', async () => {
    project.changeConfig((text) =>
      text.replace('"durability"', '"durabilty"').replace('"ANY /{rest*}"', '"ANY rest"'),
    )
    const result = await project.try('serve')
    expectProblem(result, 'config-invalid', /gatez\.yaml/)
    expect(result.stderr).toMatch(/gatez\.yaml:\d+:\d+.*durabilty.*durability/)
    expect(result.stderr).toMatch(/gatez\.yaml:\d+:\d+.*match/)
  })

  test('there is no configuration', async () => {
    expectProblem(await new Project().try('serve'), 'config-missing', /gatez\.yaml/)
  })

  test('its port is taken, by another program or by another gatez', async () => {
    const { port } = await CountingUpstream.start()
    project.changeConfig((text) => text.replace('127.0.0.1:0', `127.0.0.1:${port}`))
    expectProblem(await project.try('serve'), 'port-taken', /gateway\.listen 127\.0\.0\.1:\d+: something/)

    const other = await Project.with(
      flowConfig({ upstreamPort: upstream.port, threads: 2, plans: { open: {} } }),
    )
    const serving = await other.serve()
    project.changeConfig((text) => text.replace(String(port), String(serving.port)))
    expectProblem(await project.try('serve'), 'port-taken', /gateway\.listen/)
    expect((await fetch(`http://127.0.0.1:${serving.port}/x`)).status).toBe(401)
  })

  test('the port of control or of the portal is taken, before any call is', async () => {
    const { port } = await CountingUpstream.start()
    const config = flowConfig({ upstreamPort: upstream.port, threads: 1, plans: { open: {} } })
    for (const part of ['control', 'portal']) {
      const other = await Project.with({ ...config, [part]: { listen: `127.0.0.1:${port}` } })
      const result = await other.try('serve')
      expectProblem(result, 'port-taken', new RegExp(`${part}\\.listen 127\\.0\\.0\\.1:${port}: something`))
      expect(result.stdout).toBe('')
    }
  })

  test('another serve works on the same folder; that one goes on undisturbed', async () => {
    const first = await project.serve()
    expectProblem(await project.try('serve'), 'data-folder-locked', /\.gatez/)
    expect((await fetch(`http://127.0.0.1:${first.port}/x`)).status).toBe(401)
    await first.kill()
    // What was killed leaves no lock behind.
    expect(await (await project.serve()).stop()).toBe(0)
  })

  test('its data folder is read-only, as other commands do', async () => {
    makeReadOnly(project.path('.gatez'))
    expectProblem(await project.try('serve'), 'folder-not-writable', /\.gatez/)
    expectProblem(await project.try('tenants', 'create', 'acme'), 'folder-not-writable', /\.gatez/)
  })

  test('its data folder, in which it ran before, is now read-only', async () => {
    expect(await (await project.serve()).stop()).toBe(0)
    makeReadOnly(project.path('.gatez'))
    expectProblem(await project.try('serve'), 'folder-not-writable', /\.gatez/)
  })

  test('its data folder cannot be made, since a file stands in its way', async () => {
    const other = new Project()
    writeFileSync(other.path('.gatez'), '')
    other.writeConfig(JSON.stringify(flowConfig({ upstreamPort: upstream.port, plans: { open: {} } })))
    expectProblem(await other.try('serve'), 'folder-not-writable', /\.gatez/)
  })

  test('its disk is full', async () => {
    const other = new Project()
    mkdirSync(other.path('.gatez'))
    const disk = mountSmallDisk(other.path('.gatez'), 1024)
    other.writeConfig(JSON.stringify(flowConfig({ upstreamPort: upstream.port, plans: { open: {} } })))
    disk.fill()
    expectProblem(await other.try('serve'), 'store-unavailable', /\.gatez/)
  })

  test('its stores are damaged or were made by something else', async () => {
    for (const name of ['gatez.db', 'usage.db', 'spool.db', 'serve.lock']) {
      const other = new Project()
      mkdirSync(other.path('.gatez'))
      writeFileSync(other.path('.gatez', name), 'this is no database, but a text that is long enough to look')
      other.writeConfig(JSON.stringify(flowConfig({ upstreamPort: upstream.port, plans: { open: {} } })))
      expectProblem(await other.try('serve'), 'store-unavailable', new RegExp(name))
    }
  })
})

test('wrong commands are told apart by message and exit code', async () => {
  await project.run('tenants', 'create', 'acme', '--plan', 'open')
  expectProblem(await project.try('tenants', 'show', 'nobody'), 'not-found', /nobody/)
  expectProblem(await project.try('tenants', 'create', 'acme'), 'already-exists', /acme/)
  expectProblem(await project.try('tenants', 'plan', 'acme', 'gold'), 'not-found', /gold/)
  expectProblem(await project.try('keys', 'create', 'nobody'), 'not-found', /nobody/)
  expectProblem(await project.try('usage', 'report', '--tenant', 'nobody'), 'not-found', /nobody/)
  expectProblem(await project.try('tenant', 'list'), 'unknown-command', /tenants list/)
  const json = await project.try('tenants', 'show', 'nobody', '--json')
  expect(json).toMatchObject({ exitCode: 5, stderr: '' })
  expect(JSON.parse(json.stdout)).toMatchObject({ code: 'not-found', status: 404, fix: expect.any(String) })
})
