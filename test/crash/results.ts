import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import type { Durability } from './scene.ts'
import type { Place, SeriesResult } from './series.ts'

/** What one series came to, and which it was. */
export interface NamedResult extends SeriesResult {
  readonly place: Place
  readonly durability: Durability
  readonly seed: number
}

/** The results of a long programme that runs in several goes: one line each in a file. */
export class ResultFile {
  readonly #path: string
  /** Of earlier goes too. */
  readonly results: NamedResult[]

  constructor(path: string) {
    this.#path = path
    const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : []
    this.results = lines.filter((line) => line !== '').map((line) => JSON.parse(line))
  }

  add(result: NamedResult): void {
    appendFileSync(this.#path, `${JSON.stringify(result)}\n`)
    this.results.push(result)
  }

  /** How many kills there were already of this kind. */
  done(place: Place, durability: Durability): number {
    return this.results
      .filter((result) => result.place === place && result.durability === durability)
      .reduce((sum, { runs }) => sum + runs, 0)
  }
}

/** All that was counted, added up. */
export function totalOf(results: readonly SeriesResult[]) {
  const sum = (count: (result: SeriesResult) => number) =>
    results.reduce((total, result) => total + count(result), 0)
  return {
    runs: sum(({ runs }) => runs),
    received: sum(({ received }) => received),
    broken: sum(({ broken }) => broken),
    inFlightBilled: sum(({ inFlightBilled }) => inFlightBilled),
    faults: sum(({ faults }) => faults.length),
  }
}
