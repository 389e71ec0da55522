import { formatExactly, minus, plus, type Rational, ZERO } from '../model/rational.ts'
import { customMeter } from './figures.ts'

/** What invoices have of a meter of a tenant, and what the ledger has of the same charges; decimals. */
export interface InvoicedFigure {
  readonly billed: string
  readonly inLedger: string
  readonly equal: boolean
}

/** What was invoiced in a span, by tenant and meter. */
export class InvoicedFigures {
  readonly #sums = new Map<string, { billed: Rational; inLedger: Rational; waits: boolean }>()
  /** Two charges on one meter have the same quantity: it is shown once. */
  readonly #seen = new Set<string>()

  add({ tenantId, meter, subscriptionId, periodStartMs, billed, inLedger, waits }: InvoicedCharge): void {
    const once = `${subscriptionId}\n${meter}\n${periodStartMs}`
    if (this.#seen.has(once)) return
    this.#seen.add(once)
    const name = `${tenantId}\n${BUILT_IN.has(meter) ? meter : customMeter(meter)}`
    const before = this.#sums.get(name) ?? { billed: ZERO, inLedger: ZERO, waits: false }
    this.#sums.set(name, {
      billed: plus(before.billed, billed),
      inLedger: plus(before.inLedger, inLedger),
      waits: before.waits || waits,
    })
  }

  /** Undefined for what no invoice has a charge on. Equal is also what the next invoice is going to adjust. */
  of(tenantId: string, meter: string): InvoicedFigure | undefined {
    const sums = this.#sums.get(`${tenantId}\n${meter}`)
    if (sums === undefined) return undefined
    const { billed, inLedger, waits } = sums
    const equal = waits || minus(billed, inLedger).numerator === 0n
    return { billed: formatExactly(billed), inLedger: formatExactly(inLedger), equal }
  }
}

export interface InvoicedCharge {
  readonly tenantId: string
  readonly meter: string
  readonly subscriptionId: string
  readonly periodStartMs: number
  /** By all invoices together. */
  readonly billed: Rational
  readonly inLedger: Rational
  /** Whether usage came later, for the next invoice. */
  readonly waits: boolean
}

const BUILT_IN = new Set(['calls', 'units', 'bytes_in', 'bytes_out', 'bandwidth', 'duration_ms'])
