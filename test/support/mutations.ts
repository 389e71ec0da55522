import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Period } from '../../src/model/period.ts'
import type { Reconciliation } from '../../src/reconcile/reconcile.ts'
import { reconcileStores } from '../../src/reconcile/reconcile-stores.ts'
import { storesIn } from './control-store.ts'
import { COUNTED_BILLING, invoiceCounted } from './counted-invoices.ts'
import { fillStores } from './counted-stores.ts'
import { MARCH_2026 } from './invoice-scene.ts'
import { type Mutation, mutate, type Random } from './mutate.ts'

export interface Trial {
  readonly mutation: Mutation
  readonly found: Reconciliation
  /** What was reconciled. */
  readonly span: Period
}

/**
 * Fills stores and reconciles them, then again and again mutates one row of a copy and reconciles it. The same for
 * the same seed. Resolves to what the stores come to untouched.
 *
 * `onTrial` gets each; `work` is a folder of the caller's. Stores that are there already are taken as they are, so that
 * many trials can be made in several goes (`from`), and by several processes (`every`).
 */
export async function runTrials(
  { events, trials, seed, work, from = 0, every = 1, over, nearby = false, spanMs }: Trials,
  onTrial: (trial: Trial, number: number) => void,
): Promise<Reconciliation> {
  const [whole, copy] = [join(work, 'whole'), join(work, `copy-${from % every}`)]
  const filled = join(work, 'filled.json')
  if (!existsSync(filled)) {
    // What an ended run left half-filled.
    rmSync(whole, { recursive: true, force: true })
    await fillStores({
      folder: whole,
      events,
      spooled: 700,
      reported: Math.min(10_000, Math.ceil(events / 4)),
      ...(spanMs !== undefined && { spanMs }),
    })
    await invoiceCounted(whole)
    writeFileSync(filled, JSON.stringify(await reconcileIn(whole)))
  }
  mkdirSync(join(copy, '.gatez'), { recursive: true })
  for (let number = from; number < trials && over?.() !== true; number += every) {
    const random = randomNumbers(seed * 1_000_003 + number * 7_919)
    for (const name of ['usage.db', 'gatez.db', 'spool.db', 'node']) {
      for (const tail of ['-wal', '-shm']) removeIfThere(join(copy, '.gatez', name + tail))
      copyFileSync(join(whole, '.gatez', name), join(copy, '.gatez', name))
    }
    const mutation = mutate(join(copy, '.gatez'), random, number)
    const span = nearby ? daysAround(mutation) : MARCH_2026
    onTrial({ mutation, found: await reconcileIn(copy, span), span }, number)
  }
  return JSON.parse(readFileSync(filled, 'utf8'))
}

export interface Trials {
  readonly events: number
  readonly trials: number
  readonly seed: number
  readonly work: string
  /** The first trial, and how many further on the next is. */
  readonly from?: number
  readonly every?: number
  /** Asked before each trial: whether to leave out the rest. */
  readonly over?: () => boolean
  /** Where a row is about a moment, reconciles the three days around it in place of the month. */
  readonly nearby?: boolean
  /** From the first event to the last. */
  readonly spanMs?: number
}

/** Reconciles a span of the stores in a folder: the month they were filled for, if not said otherwise. */
export function reconcileIn(folder: string, span = MARCH_2026): Promise<Reconciliation> {
  const config = { ...storesIn(folder), meters: [], billing: COUNTED_BILLING }
  return reconcileStores(config, { span })
}

function daysAround({ atMs }: Mutation): Period {
  if (atMs === undefined) return MARCH_2026
  const dayMs = Math.floor(atMs / DAY_MS) * DAY_MS
  return {
    startMs: Math.max(MARCH_2026.startMs, dayMs - DAY_MS),
    endMs: Math.min(MARCH_2026.endMs, dayMs + 2 * DAY_MS),
  }
}

const DAY_MS = 86_400_000

function removeIfThere(path: string): void {
  rmSync(path, { force: true })
}

/** The same numbers in every run, each below the bound asked for. */
function randomNumbers(seed: number): Random {
  let state = seed
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * bound)
  }
}
