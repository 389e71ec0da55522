import type { Counter, CounterKind } from '../ports/counters.ts'
import { ScriptCall } from './script-call.ts'

/** The counters of a call as the script is told of them: made once, sent with every call. */
export class PreparedCounters {
  /** The name of the first of them. */
  readonly firstKey: string
  /** The operation that takes from all of them. */
  readonly take: ScriptCall
  /** When the periods of quotas end: said as it is, not by two clocks; 0 for the others. */
  readonly endsMs: readonly number[]
  /** The quotas among them, which can be given back; undefined without any. */
  readonly quotas: PreparedCounters | undefined
  /** Those that count calls in flight, and are released; undefined without any. */
  readonly concurrent: PreparedCounters | undefined
  readonly #keys: ScriptCall
  readonly #text: string

  constructor(counters: readonly Counter[], prefix: string) {
    const keys = counters.map(({ name }) => prefix + name)
    this.firstKey = keys[0] ?? ''
    this.#keys = new ScriptCall().addKeys(keys)
    this.#text = JSON.stringify(counters.flatMap(numbersOf))
    this.take = this.operation('T')
    this.endsMs = counters.map(({ kind, periodEndMs }) => (kind === 'quota' ? periodEndMs : 0))
    const only = (wanted: CounterKind) => {
      const some = counters.filter(({ kind }) => kind === wanted)
      if (some.length === 0) return undefined
      return some.length === counters.length ? this : new PreparedCounters(some, prefix)
    }
    this.quotas = only('quota')
    this.concurrent = only('concurrent')
  }

  /** An operation of the script on all of them, with what else it is told. */
  operation(name: 'T' | 'P' | 'G' | 'R' | 'U' | 'S' | 'H', ...told: readonly number[]): ScriptCall {
    const rest = told.map((number) => `,${number}`).join('')
    return new ScriptCall().join(this.#keys).addWords([`["${name}",${this.#text}${rest}]`])
  }
}

function numbersOf({ kind, amount, cost, windowMs, periodStartMs, periodEndMs }: Counter): readonly number[] {
  return [KINDS[kind], amount, cost, windowMs, periodStartMs, periodEndMs]
}

const KINDS = { log: 1, steps: 2, quota: 3, concurrent: 4 } as const satisfies Record<CounterKind, number>
