import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { FAIL_POINTS } from '../../src/lib/fail-point.ts'
import { type Build, programFolder } from '../support/build-programs.ts'
import { randomFrom } from '../support/random.ts'
import { checkBill, exportFaults } from './bill-check.ts'
import { callSome, crashScene, type Durability, killInABurst } from './scene.ts'
import { type Place, runSeries } from './series.ts'

// The short form of the crash programme; `npm run crash` is the long one, and docs/guarantees.md has what it found.

const modes = ['disk', 'process'] as const

const series = (places: readonly Place[], durability: Durability, build: Build) =>
  runSeries({ places, durability, build, random: randomFrom(places.length) })

// Every second place in one mode, the others in the other: `npm run crash` has all in both.
test.each(
  modes.map((durability, mode) => ({
    durability,
    places: FAIL_POINTS.filter((_, index) => index % 2 === mode),
  })),
)(
  'with $durability, killed at $places.length named places: no call is lost, invented or billed twice, and the stores agree',
  async ({ durability, places }) => {
    const result = await series(places, durability, 'fail-points')
    expect(result.faults).toEqual([])
    expect(result.runs).toBe(places.length)
    expect(result.received).toBeGreaterThanOrEqual(500 * places.length)
    expect(result.broken).toBeGreaterThanOrEqual(places.length)
  },
)

test('a gateway that lets answers end before they are metered is found out', async () => {
  const result = await series(['before-commit'], 'disk', 'release-early')
  expect(result.faults.filter((fault) => fault.startsWith('lost: '))).not.toEqual([])
})

describe('killed anywhere', () => {
  test.each(modes)(
    'with %s: no call is lost, invented or billed twice, and the stores agree',
    async (mode) => {
      const result = await series(['kill -9', 'kill -9'], mode, 'lib')
      expect(result.faults).toEqual([])
      expect(result.received).toBeGreaterThanOrEqual(1_000)
    },
  )

  test('restarted and killed, every call reaches the upstream once', async () => {
    const scene = await crashScene('disk')
    const { project, load, upstream } = scene
    const first = await project.serve()
    await callSome(load, first, 300)
    expect(await first.stop()).toBe(0)
    await killInABurst(scene, await project.serve(), 600)
    const third = await project.serve()
    await callSome(load, third, 300)
    expect(await third.stop()).toBe(0)

    const { inFlight, ...faults } = checkBill(project, load)
    expect(faults).toEqual({ lost: [], invented: [], twice: [] })
    expect(await exportFaults(project, load, inFlight)).toEqual([])
    for (const id of load.received.keys()) expect(upstream.calls.get(id)).toBe(1)
  })
})

test('the program as it is shipped has no fail points, and the other has all of them', () => {
  const textOf = (build: Build) =>
    readdirSync(programFolder(build))
      .filter((name) => name.endsWith('.js'))
      .map((name) => readFileSync(join(programFolder(build), name), 'utf8'))
      .join('\n')
  const calls = /\bfailPoint\("([a-z-]+)"\)/g
  expect(new Set([...textOf('fail-points').matchAll(calls)].map(([, name]) => name))).toEqual(
    new Set(FAIL_POINTS),
  )
  expect(textOf('lib').match(/failPoint\(|armFailPoint|lib\/fail-point/g)).toBeNull()
})
