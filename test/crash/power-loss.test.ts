import { join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { scoped } from '../support/at-end.ts'
import { randomFrom } from '../support/random.ts'
import { billedAfter, type TracedRun, tracedRun } from './traced-run.ts'

// Each run is cut off at many moments. What the disk had synced by then is there; of the rest, by chance, some
// sectors are and some are not. More images: GATEZ_POWER_CUTS=200.

const CUTS = Number(process.env.GATEZ_POWER_CUTS ?? 50)
const CALLS = 600

describe('when the power goes', () => {
  test(`with disk, no answered call is lost: ${CUTS} cuts`, async () => {
    const run = await tracedRun('disk', 'lib', CALLS)
    for (const cut of cutsOf(run)) {
      const { lost, faults } = await afterCut(run, cut)
      expect({ ...cut, lost, faults }).toEqual({ ...cut, lost: [], faults: [] })
    }
  })

  test(`with process, no more is lost than what was answered in the last second: ${CUTS} cuts`, async () => {
    const run = await tracedRun('process', 'lib', CALLS)
    let lostEver = 0
    for (const cut of cutsOf(run)) {
      const { lost, faults } = await afterCut(run, cut)
      expect({ ...cut, faults }).toEqual({ ...cut, faults: [] })
      lostEver += lost.length
      const agesS = lost.map(({ atS }) => cut.atS - atS)
      expect(Math.max(0, ...agesS)).toBeLessThan(WINDOW_S)
    }
    // Else nothing was tried.
    expect(lostEver).toBeGreaterThan(0)
  })

  test('images of a gateway that lets answers end before they are metered lack calls', async () => {
    const run = await tracedRun('disk', 'release-early', 200)
    let lostEver = 0
    for (const cut of cutsOf(run).slice(0, 20)) lostEver += (await afterCut(run, cut)).lost.length
    expect(lostEver).toBeGreaterThan(0)
  })
})

/** Half a second until the sync, and the sync; under strace, on a machine that runs tests. */
const WINDOW_S = 1.5

interface Cut {
  readonly moment: number
  readonly atS: number
  readonly seed: number
}

/** Moments between the first answer and the end, by chance. */
function cutsOf({ calls, answers }: TracedRun): Cut[] {
  const random = randomFrom(CALLS)
  const first = answers[0]!.moment
  const from = calls.findIndex(({ began }) => began >= first)
  return Array.from({ length: CUTS }, (_, seed) => {
    const { began, atS } = calls[from + random(calls.length - from)]!
    return { moment: began, atS, seed }
  })
}

/** What is lost of all that was answered before, and what must not be, after a start on what is left. */
function afterCut(run: TracedRun, { moment, seed }: Cut) {
  return scoped(async () => {
    const { folder, ids, inLedger } = await billedAfter(run.files.possible(moment, randomFrom(seed)))
    const billed = new Set(ids)
    const received = run.answers.filter((answer) => answer.moment < moment)
    const faults: string[] = []
    if (billed.size !== ids.length) faults.push(`${ids.length - billed.size} billed twice`)
    if (inLedger !== ids.length) faults.push(`${inLedger} in the ledger, ${ids.length} in the usage log`)
    for (const name of ['gatez.db', 'usage.db', 'spool.db']) {
      const database = new Database(join(folder, name), { readonly: true })
      if (database.pragma('integrity_check', { simple: true }) !== 'ok') faults.push(`${name} is damaged`)
      database.close()
    }
    return { lost: received.filter(({ id }) => !billed.has(id)), faults }
  })
}
