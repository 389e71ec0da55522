/** Answers to requests with an Idempotency-Key: written in the transaction that made the change. */
export interface DoneRequestStore {
  find(name: DoneRequestName): Promise<DoneRequest | undefined>
  /** False when the name is taken. */
  insert(answer: DoneRequest): Promise<boolean>
  /** Forgets those from before `cutMs`. */
  forgetBefore(cutMs: number): Promise<void>
}

export interface DoneRequestName {
  /** Who asked: keys of two callers never meet. */
  readonly actor: string
  readonly idempotencyKey: string
}

export interface DoneRequest extends DoneRequestName {
  /** SHA-256 of method, path and body. */
  readonly fingerprint: string
  readonly status: number
  /** JSON; null when the answer held a secret, which is in no store. */
  readonly body: string | null
  readonly createdAtMs: number
}
