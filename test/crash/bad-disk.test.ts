import { describe, expect, test } from 'vitest'
import { RawClient } from '../support/raw-client.ts'
import { until } from '../support/until.ts'
import { checkBill } from './bill-check.ts'
import { answers, diskScene, expectBooks, moreCalls, says, whileCalling } from './disk-scene.ts'

// A disk that is full is in test/flow/full-disk.test.ts: it needs no system calls to be forged.

const WHOLE_DISK = ['pwrite64', 'fsync', 'fdatasync', 'ftruncate'] as const
const FAULTS = [
  { name: 'an I/O error', calls: WHOLE_DISK, error: 'EIO' },
  { name: 'an I/O error of syncs alone', calls: ['fsync', 'fdatasync'], error: 'EIO' },
  { name: 'a disk that turned read-only', calls: WHOLE_DISK, error: 'EROFS' },
] as const

describe.each([
  ...FAULTS.map((fault) => ({ ...fault, durability: 'disk' })),
  ...FAULTS.map((fault) => ({ ...fault, durability: 'process' })),
])('$name, with $durability', ({ calls, error, durability }) => {
  test('refuses calls within a second, loses none, and goes on by itself when it is over', async () => {
    const scene = await diskScene({ durability })
    const { load, serve } = scene
    await whileCalling(scene, async () => {
      const disk = await scene.fault({ calls, error })
      await answers(scene, '503 metering-unavailable', 1000)
      expect(serve.stderr).toMatch(
        /"reason":"[^"]*\(SQLITE_(?:IOERR|READONLY|CANTOPEN)\w*\)".*events cannot be written/,
      )
      expect(serve.running).toBe(true)
      await disk.mend()
      await answers(scene, '200 ')
    })
    expect(load.refused.every((answer) => answer.includes(' 503 '))).toBe(true)
    await says(scene, 'events can be written again')
    await says(scene, 'the disk failed the spool: it goes on in a new file')
    expect(await serve.stop()).toBe(0)
    expectBooks(scene)
  })

  test('followed by a kill loses none and bills none twice, though a commit that failed may be found', async () => {
    const scene = await diskScene({ durability })
    const { project, load, serve } = scene
    await whileCalling(scene, async () => {
      const disk = await scene.fault({ calls, error })
      await says(scene, 'events cannot be written')
      await disk.mend()
      await moreCalls(load, 50)
      await serve.kill()
    })
    const next = await project.serve()
    expect(await next.stop()).toBe(0)
    expectBooks(scene)
  })
})

test.each(FAULTS)(
  '$name does not let the process end with calls in memory: SIGTERM waits',
  async ({ calls, error }) => {
    const scene = await diskScene()
    const { project, load, serve, headers } = scene
    const disk = await scene.fault({ calls, error })
    const client = await RawClient.connect(serve.port)
    const answered = client.call({ path: '/x', headers: { ...headers, 'x-request-id': 'held' } })
    await says(scene, 'events cannot be written')
    serve.terminate()
    await until('it drains', () => (serve.stdout.includes('SIGTERM') ? true : undefined))
    expect(client.busy).toBe(true)
    await disk.mend()
    expect((await answered).status).toBe(200)
    expect(await serve.exitCode()).toBe(0)
    expect(checkBill(project, load).invented).toEqual(['held'])
  },
)
