import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { programFolder } from '../support/build-programs.ts'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { flowConfig } from '../support/flow-config.ts'
import { Project } from '../support/project.ts'
import { connectAll } from '../support/raw-client.ts'
import { runCli } from '../support/run-cli.ts'
import { ServeProcess } from '../support/serve-process.ts'
import { usageRows } from '../support/usage-rows.ts'

/** The built program with a thread that dies when a file named `die` appears; returns its script. */
function mortalProgram(thread: string): string {
  const folder = programFolder('mortal')
  cpSync(programFolder('lib'), folder, { recursive: true })
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const script = join(folder, `${thread}.js`)
  // In front: what stands behind the program itself runs when that has ended.
  writeFileSync(script, DEATH + readFileSync(script, 'utf8'))
  return join(folder, 'gatez.js')
}

const DEATH = `
import { existsSync as deathIsThere } from 'node:fs'
setInterval(() => { if (deathIsThere('die')) throw new Error('a fault in a thread') }, 10).unref()
`

// The first gateway thread is the main one, where the program itself runs.
test.each(['gatez', 'gateway-thread', 'meter-thread', 'ship-thread'])(
  'a thread of %s that dies ends the process, with nothing lost, and the next start is clean',
  async (thread) => {
    const upstream = await CountingUpstream.start()
    const plans = { small: { limits: [{ requests: 100, per: 'day' }] } }
    const project = await Project.with(flowConfig({ upstreamPort: upstream.port, threads: 2, plans }), {
      near: true,
    })
    const key = await project.tenant('acme', 'small')
    const entry = mortalProgram(thread)
    const serve = await ServeProcess.start({ cwd: project.folder, entry })
    const clients = await connectAll(serve.port, 10)
    const request = { path: '/x', headers: { 'x-api-key': key } }
    for (const answer of await Promise.all(clients.map((client) => client.call(request)))) {
      expect(answer.status).toBe(200)
    }
    writeFileSync(project.path('die'), '')
    expect(await serve.exitCode()).toBe(70)
    expect(serve.stderr).toContain('a fault in a thread')
    expect(serve.stderr).toMatch(/\nInternal error: .*\n→ /)
    rmSync(project.path('die'))

    const next = await project.serve()
    const [client] = await connectAll(next.port, 1)
    const answer = await client!.call(request)
    expect(answer.headers.get('x-ratelimit-remaining')).toBe('89')
    expect(await next.stop()).toBe(0)
    expect(usageRows(project)).toHaveLength(11)
    expect((await runCli(['usage', 'report'], { cwd: project.folder, entry })).exitCode).toBe(0)
  },
)
