import { describe, expect, test } from 'vitest'
import { answers, diskScene, expectBooks, moreCalls, says, whileCalling } from './disk-scene.ts'

// The spool is well, and what it is shipped to is not: calls pass, until the spool is at its bound.

const STORE = { 'the ledger': 'gatez.db', 'the usage log': 'usage.db' } as const
const WRITES = ['pwrite64', 'fsync', 'fdatasync', 'ftruncate'] as const

describe.each(Object.entries(STORE))('a disk that fails %s alone', (_name, file) => {
  const paths = (folder: string) => [file, `${file}-wal`].map((each) => `${folder}/${each}`)

  test.each(['EIO', 'ENOSPC', 'EROFS'] as const)(
    'with %s lets all calls pass, and they are shipped when it is over',
    async (error) => {
      const scene = await diskScene()
      const { project, load, serve } = scene
      await whileCalling(scene, async () => {
        const disk = await scene.fault({ calls: WRITES, error, paths: paths(project.path('.gatez')) })
        await says(scene, 'shipping failed, will retry')
        await moreCalls(load, 200)
        await disk.mend()
        await moreCalls(load, 50)
      })
      expect(load.refused).toEqual([])
      expect(await serve.stop()).toBe(0)
      expectBooks(scene)
    },
  )

  test('keeps the calls in the spool when the process has to end, and says that it ends with some', async () => {
    const scene = await diskScene()
    const { project, load, serve } = scene
    await whileCalling(scene, async () => {
      await scene.fault({ calls: WRITES, error: 'EIO', paths: paths(project.path('.gatez')) })
      await moreCalls(load, 200)
    })
    expect(await serve.stop()).toBe(7)
    expect(serve.stderr).toMatch(/The last calls are in the spool alone; .* The disk failed .*\.\n/)
    expect(serve.stdout).not.toContain('Every event is in the ledger')
    const next = await project.serve()
    expect(await next.stop()).toBe(0)
    expectBooks(scene)
  })
})

test('a spool that cannot be shipped warns at four fifths, refuses at its bound, and goes on by itself', async () => {
  const scene = await diskScene({ spool_max: '1MiB' })
  const { project, load, serve } = scene
  const paths = ['usage.db', 'usage.db-wal'].map((name) => project.path('.gatez', name))
  await whileCalling(scene, async () => {
    const disk = await scene.fault({ calls: WRITES, error: 'EIO', paths })
    await says(scene, 'the spool is filling')
    expect(load.refused).toEqual([])
    await answers(scene, '503 metering-unavailable')
    expect(serve.stderr).toMatch(/"bytes":8[3-9]\d{4},"bound":1048576,.*the spool is filling/)
    expect(serve.stderr).toMatch(/more than its bound of 1048576.*events cannot be written/)
    await disk.mend()
    await answers(scene, '200 ')
    await moreCalls(load, 50)
  })
  expect(await serve.stop()).toBe(0)
  expectBooks(scene)
})
