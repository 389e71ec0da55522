import { DigestSum } from '../../lib/digest.ts'
import type { Period } from '../../model/period.ts'
import type { LedgerStore } from '../../storage/ports/ledger.ts'

/**
 * What the seals of a period come to: another text as soon as the ledger took one more event into it.
 *
 * Costs a row for each bucket and run, not for each event.
 */
export async function sealedPeriod(
  ledger: Pick<LedgerStore, 'seals'>,
  { startMs, endMs }: Period,
): Promise<SealedPeriod> {
  const ids = new DigestSum()
  const contents = new DigestSum()
  let events = 0
  for await (const seal of ledger.seals(startMs, endMs)) {
    ids.addAll(DigestSum.parse(seal.ids))
    contents.addAll(DigestSum.parse(seal.contents))
    events += seal.events
  }
  return { events, seals: `${events}-${ids.text}-${contents.text}` }
}

/** How many events are under what the seals of a period came to; undefined where nothing is known of them. */
export function eventsUnder(seals: string): number | undefined {
  return seals === '' ? undefined : Number(seals.slice(0, seals.indexOf('-')))
}

export interface SealedPeriod {
  /** Rows of the usage log. */
  readonly events: number
  readonly seals: string
}
