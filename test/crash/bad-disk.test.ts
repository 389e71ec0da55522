import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { type DiskFault, FaultyDisk } from '../support/faulty-disk.ts'
import { flowConfig } from '../support/flow-config.ts'
import { Load } from '../support/load.ts'
import { Project } from '../support/project.ts'
import { RawClient } from '../support/raw-client.ts'
import type { ServeProcess } from '../support/serve-process.ts'
import { until } from '../support/until.ts'
import { checkBill, damaged } from './bill-check.ts'

/** A gateway whose disk can be made to fail, and the books of its clients. */
async function scene(metering: object = {}) {
  const upstream = await CountingUpstream.start()
  const config = flowConfig({ upstreamPort: upstream.port, threads: 2, plans: { open: {} } })
  const project = await Project.with({ ...config, metering: { ...config.metering, ...metering } })
  const secret = await project.tenant('acme', 'open')
  const load = new Load({ callers: [{ tenantId: 'acme', keyId: 'k', secret }], routes: { all: '/x' } })
  const serve = await project.serve()
  const fault = (what: DiskFault) => FaultyDisk.of(serve.pid, what)
  return { project, load, serve, fault, headers: { 'x-api-key': secret } }
}

const WHOLE_DISK = ['pwrite64', 'fsync', 'fdatasync', 'ftruncate'] as const

/** Calls on some connections until `work` is over. */
async function whileCalling(load: Load, serve: ServeProcess, work: () => Promise<void>): Promise<void> {
  const running = load.run(serve, 8)
  const before = load.received.size
  await until('calls pass', () => (load.received.size >= before + 50 ? true : undefined))
  await work()
  load.stop()
  await running
}

async function status(serve: ServeProcess, headers: Readonly<Record<string, string>>): Promise<string> {
  const client = await RawClient.connect(serve.port)
  const answer = await Promise.race([client.call({ path: '/x', headers }), pause(100)])
  client.destroy()
  return answer === undefined ? 'waits' : `${answer.status} ${answer.headers.get('gatez-error') ?? ''}`
}

/** Nothing may be lost, invented or twice, whatever the disk did. */
function expectBooks(project: Project, load: Load): void {
  const { lost, invented, twice } = checkBill(project, load)
  expect({ lost, invented, twice, damaged: damaged(project) }).toEqual({
    ...{ lost: [], invented: [], twice: [], damaged: [] },
  })
}

describe.each([
  { name: 'an I/O error', calls: WHOLE_DISK, error: 'EIO' },
  { name: 'an I/O error of syncs alone', calls: ['fsync', 'fdatasync'], error: 'EIO' },
  { name: 'a disk that turned read-only', calls: WHOLE_DISK, error: 'EROFS' },
] as const)('$name', ({ calls, error }) => {
  test('refuses calls within a second, loses none, and goes on by itself when it is over', async () => {
    const { project, load, serve, fault, headers } = await scene()
    await whileCalling(load, serve, async () => {
      const disk = await fault({ calls, error })
      const isRefused = async () =>
        (await status(serve, headers)) === '503 metering-unavailable' ? true : undefined
      await until('calls are refused', isRefused, 1000)
      expect(serve.stderr).toMatch(/"reason":"[^"]*\(SQLITE_IOERR_\w+\)".*events cannot be written/)
      expect(serve.running).toBe(true)
      await disk.mend()
      await until('calls pass again', async () =>
        (await status(serve, headers)) === '200 ' ? true : undefined,
      )
    })
    expect(load.refused.every((answer) => answer.includes(' 503 '))).toBe(true)
    expect(serve.stderr).toContain('events can be written again')
    expect(serve.stderr).toContain('the disk failed the spool: it goes on in a new file')
    expect(await serve.stop()).toBe(0)
    expectBooks(project, load)
  })

  test('followed by a kill loses none and bills none twice, though a commit that failed may be found', async () => {
    const { project, load, serve, fault } = await scene()
    await whileCalling(load, serve, async () => {
      const disk = await fault({ calls, error })
      await until('it is told', () => (serve.stderr.includes('cannot be written') ? true : undefined))
      await disk.mend()
      const before = load.received.size
      await until('calls pass', () => (load.received.size > before + 50 ? true : undefined))
      await serve.kill()
    })
    const next = await project.serve()
    expect(await next.stop()).toBe(0)
    expectBooks(project, load)
  })

  test('does not let the process end with calls in memory: SIGTERM waits until it is over', async () => {
    const { project, load, serve, fault, headers } = await scene()
    const disk = await fault({ calls, error })
    const client = await RawClient.connect(serve.port)
    const answered = client.call({ path: '/x', headers: { ...headers, 'x-request-id': 'held' } })
    await until('it is told', () => (serve.stderr.includes('cannot be written') ? true : undefined))
    serve.terminate()
    await until('it drains', () => (serve.stdout.includes('SIGTERM') ? true : undefined))
    expect(client.busy).toBe(true)
    await disk.mend()
    expect((await answered).status).toBe(200)
    expect(await serve.exitCode()).toBe(0)
    expect(checkBill(project, load).invented).toEqual(['held'])
  })
})
