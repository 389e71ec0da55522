import { GatezError } from '../errors/gatez-error.ts'
import type { Charge } from '../model/plan.ts'
import { checkLedgerPrice } from './check-charge.ts'
import { checkPrice } from './check-price.ts'
import { Cursor } from './cursor.ts'
import { ProblemList } from './problems.ts'
import { readSource } from './source.ts'

/**
 * Reads a price as it would stand in `gatez.yaml`, as `{ model: per_unit, unit: "0.004" }`; JSON is the same.
 *
 * Throws `invalid-parameter` with the first thing that is wrong; `what` says whose price it is.
 */
export function parsePrice(text: string, what: string): Charge['price'] {
  const problems = new ProblemList(what)
  const source = readSource(text, {}, problems)
  if (source !== undefined) {
    const price = Cursor.of(source, problems)
    checkPrice(price)
    checkLedgerPrice(price)
  }
  const { data } = source ?? {}
  const isMap = typeof data === 'object' && data !== null && !Array.isArray(data)
  const problem = problems.first
  if (isMap && problem === undefined && Object.keys(data).length > 0) return { ...data }
  const why = problem === undefined ? 'must be a map' : `${problem.path} ${problem.message}`.trim()
  const form = `write it as in the file: '{ model: per_unit, unit: "0.004" }'`
  throw new GatezError('invalid-parameter', `${what}: ${why}; ${form}.`)
}
