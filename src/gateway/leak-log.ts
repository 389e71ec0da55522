import type { Clock } from '../lib/clock.ts'
import { withoutSecrets } from '../model/key.ts'
import type { LeakReason } from '../model/meter.ts'
import type { Leak } from './quantities.ts'
import { QuietLog } from './quiet-log.ts'

/** Tells the operator which quantities are missing on the bills, and why. All of them: `gatez usage leaks`. */
export class LeakLog {
  readonly #log: QuietLog

  constructor(warn: (what: string, detail: string) => void, clock: Clock) {
    this.#log = new QuietLog(warn, clock)
  }

  tell(routeId: string, { meterId, reason, found }: Leak): void {
    const shown = found === '' ? '' : `: ${JSON.stringify(withoutSecrets(found.slice(0, SHOWN_LENGTH_MAX)))}`
    const what = `calls of ${routeId} are billed without ${meterId}`
    this.#log.tell(`leak ${routeId} ${meterId} ${reason}`, what, `${REASONS[reason]}${shown}`)
  }
}

const SHOWN_LENGTH_MAX = 40

const REASONS: Readonly<Record<LeakReason, string>> = {
  invalid: 'the upstream reported something that is no quantity',
  missing: 'the answer has no usage object with that field',
  encoded: 'the answer came in a coding although identity was asked for',
  'too-long': 'the usage object is longer than 16 KiB',
}
