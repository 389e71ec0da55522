/** Messages to the outside, written in the transaction that causes them, sent later. */
export interface OutboxStore {
  insert(message: OutboxMessage): Promise<void>
  insertAll(messages: readonly OutboxMessage[]): Promise<void>
  /** Not yet sent, oldest first; of these kinds only, if any are given. */
  pending(limit: number, kinds?: readonly string[]): Promise<readonly OutboxMessage[]>
  markSent(id: string, sentAtMs: number): Promise<void>
}

export interface OutboxMessage {
  readonly id: string
  readonly kind: string
  readonly body: Readonly<Record<string, unknown>>
  readonly createdAtMs: number
}
