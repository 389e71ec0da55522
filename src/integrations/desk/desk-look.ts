import { hasDunning } from '../../billing/dunning-due.ts'
import { duePeriods } from '../../billing/invoice/due-periods.ts'
import { INVOICE_MAIL_KINDS } from '../../billing/message-kinds.ts'
import type { Clock } from '../../lib/clock.ts'
import type { ControlStore } from '../../storage/ports/control-store.ts'
import { MEMBER_MAIL_KINDS } from '../mail/member-mail-kinds.ts'
import type { DeskConfig } from './desk-round.ts'

/** How often it looks. */
const EVERY_MS = 1_000
/** How often for invoices that were not paid in time. */
const DUNNING_EVERY_MS = 60_000
/** How often for tenants that may spend so much only. */
const CAPS_EVERY_MS = 5_000

/** Looks whether the billing desk has work, so that no thread need wait for it all month. */
export class DeskLook {
  readonly #parts: DeskLookParts
  readonly #timer: NodeJS.Timeout
  #looking = false
  #dunnedMs = Number.NEGATIVE_INFINITY
  #cappedMs = Number.NEGATIVE_INFINITY

  private constructor(parts: DeskLookParts) {
    this.#parts = parts
    this.#timer = setInterval(() => void this.#look(), EVERY_MS)
  }

  /** Looks every second from now on, and tells of work as long as there is some. */
  static start(parts: DeskLookParts): DeskLook {
    return new DeskLook(parts)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  async #look(): Promise<void> {
    if (this.#looking) return
    this.#looking = true
    try {
      const nowMs = this.#parts.clock.monotonicMs()
      const isDunning = nowMs - this.#dunnedMs >= DUNNING_EVERY_MS
      if (isDunning) this.#dunnedMs = nowMs
      const isCapping = nowMs - this.#cappedMs >= CAPS_EVERY_MS
      if (isCapping) this.#cappedMs = nowMs
      const asked = { ...this.#parts, config: this.#parts.config(), isDunning, isCapping }
      if (await hasDeskWork(asked)) this.#parts.onWork()
    } catch (error) {
      this.#parts.onFailed(error)
    } finally {
      this.#looking = false
    }
  }
}

export interface DeskLookParts {
  readonly store: ControlStore
  readonly clock: Clock
  /** As it is now. */
  readonly config: () => DeskConfig
  readonly onWork: () => void
  readonly onFailed: (error: unknown) => void
}

/**
 * Whether a round of the desk would do something: periods that are over, mail that waits, invoices not paid in time, caps
 * on what tenants spend.
 */
export async function hasDeskWork(parts: DeskWorkParts): Promise<boolean> {
  const { store, clock, config, isDunning, isCapping } = parts
  const nowMs = clock.nowMs()
  const { billing, invoicing } = config
  const kinds = [...INVOICE_MAIL_KINDS, ...MEMBER_MAIL_KINDS]
  if ((await store.outbox.pending(1, kinds)).length > 0) return true
  if (isDunning && (await hasDunning(store.invoices, { steps: invoicing.dunning, nowMs }))) return true
  if (isCapping && (await store.tenants.hasSpendCaps())) return true
  if (invoicing.run === 'manual') return false
  const { closeAfterMs } = invoicing
  return (await duePeriods(store, { billing, closeAfterMs, nowMs })).length > 0
}

interface DeskWorkParts {
  readonly store: ControlStore
  readonly clock: Clock
  readonly config: DeskConfig
  readonly isDunning: boolean
  readonly isCapping: boolean
}
