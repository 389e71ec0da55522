/** Who did what, append-only and chained. Rows can be read and added, never changed. */
export interface AuditStore {
  /** Adds an entry behind the newest, with a hash over both. */
  insert(entry: AuditEntry): Promise<void>
  /** Newest first. */
  list(filter: AuditFilter): Promise<readonly AuditEntry[]>
  /** The same, each with its place and hash. */
  records(filter: AuditFilter): Promise<readonly AuditRecord[]>
  /** Computes every hash again. */
  checkChain(): Promise<ChainCheck>
}

export interface AuditFilter {
  readonly subject?: string | undefined
  /** Only of one of these. */
  readonly subjects?: readonly string[] | undefined
  /** Only of this kind. */
  readonly action?: string | undefined
  readonly limit?: number | undefined
  /** Only entries before this place. */
  readonly before?: number | undefined
}

export interface AuditEntry {
  readonly atMs: number
  /** `cli:<system user>`, `token:<id>`, `member:<id>`, `gatez` … */
  readonly actor: string
  /** As `key.approved`. */
  readonly action: string
  /** As `key:key_…`. */
  readonly subject: string
  /** Never holds a secret. */
  readonly detail: Readonly<Record<string, unknown>>
}

export interface AuditRecord extends AuditEntry {
  readonly sequence: number
  /** Empty for entries of a gatez that did not chain them. */
  readonly hash: string
}

export interface ChainCheck {
  readonly entries: number
  /** Those at the beginning that have no hash. */
  readonly unchained: number
  /** The hash of the newest entry that holds. */
  readonly head: string
  /** The first entry that is not what was written; null when all are. */
  readonly brokenAt: number | null
}
