import { expect } from 'vitest'

const BATCH = 500

/** What the fast lane reads of messages, against what those read who read everything. */
interface Comparison {
  readonly messages: Iterable<string>
  /** What the lane makes of a message, in the words of `others`; undefined if it does not take it. */
  readonly read: (bytes: Buffer) => unknown
  /** What the others make of the messages that the lane took. */
  readonly others: (messages: readonly string[]) => Promise<readonly unknown[]>
}

/** Holds what the lane takes to be read alike by the others. Resolves to how many it took. */
export async function expectAlike({ messages, read, others }: Comparison): Promise<number> {
  let taken = 0
  let batch: { readonly bytes: string; readonly mine: unknown }[] = []
  const compare = async (): Promise<void> => {
    const seen = await others(batch.map(({ bytes }) => bytes))
    for (const [index, { bytes, mine }] of batch.entries()) {
      expect(seen[index], JSON.stringify(bytes)).toStrictEqual(mine)
    }
    taken += batch.length
    batch = []
  }
  for (const bytes of messages) {
    const mine = read(Buffer.from(bytes, 'latin1'))
    if (mine !== undefined) batch.push({ bytes, mine })
    if (batch.length === BATCH) await compare()
  }
  await compare()
  return taken
}
