import { createHash } from 'node:crypto'
import type { ErrorCode } from '../errors/catalogue.ts'
import { GatezError } from '../errors/gatez-error.ts'
import { ipNetwork } from '../model/ip-block.ts'
import { Counter, LOG_LIMIT } from '../storage/ports/counters.ts'
import type { Asking } from './asking.ts'
import type { ControlParts } from './control-parts.ts'

/** Attempts of one address of the network, and for one mail address, in any minute. */
const SIGN_INS = 5
const SIGN_INS_OF_IP = 20

/** Refuses who tries to sign in too often: `too-many-sign-ins`, whatever would have come of it. */
export function throttleSignIn({ parts, ip }: Asking, email: string | undefined): void {
  takePlace(parts, `sign-in ${networkOf(ip)}`, SIGN_INS_OF_IP, 'too-many-sign-ins')
  if (email === undefined) return
  takePlace(parts, `sign-in for ${email.trim().toLowerCase()}`, SIGN_INS, 'too-many-sign-ins')
}

/** Counts a request of one caller; refuses it with `code` when its minute is full. */
export function takePlace(
  parts: Pick<ControlParts, 'counters' | 'clock'>,
  name: string,
  amount: number,
  code: ErrorCode,
): void {
  const { counters, clock } = parts
  const id = createHash('sha256').update(name).digest('hex').slice(0, 32)
  const kind = amount > LOG_LIMIT ? 'steps' : 'log'
  const counter = new Counter({
    tenantId: id,
    name: id,
    id: 'control',
    kind,
    amount,
    cost: 1,
    windowMs: 60_000,
  })
  const nowMs = clock.nowMs()
  const decision = counters.take([counter], nowMs)
  if (decision.outcome !== 'refused') return
  const seconds = Math.max(1, Math.ceil(((decision.resetAtMs[0] ?? nowMs) - nowMs) / 1000))
  throw new GatezError(code, `More than ${amount} in a minute; the next may come in ${seconds} s.`, {
    extra: { retry_after: seconds },
  })
}

/** What stands for an address: of IPv6 the network, which one machine has all of. */
export function networkOf(ip: string): string {
  return ip === '' ? 'unknown' : ipNetwork(ip)
}
