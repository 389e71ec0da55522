/** What changed, in order, so that every thread of every node drops what it cached of it. */
export interface ChangeStore {
  /** Part of the transaction that makes the change. `subject` is `key:<id>`, `tenant:<id>` or `plans`. */
  insert(subject: string, atMs: number): Promise<void>
  /** Changes after `sequence`, oldest first. */
  after(sequence: number): Promise<readonly Change[]>
  latestSequence(): Promise<number>
}

export interface Change {
  readonly sequence: number
  readonly subject: string
}
