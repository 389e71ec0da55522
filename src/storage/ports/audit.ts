/** Who did what, append-only. Rows can be read and added, never changed. */
export interface AuditStore {
  insert(entry: AuditEntry): Promise<void>
  /** Newest first. */
  list(filter: AuditFilter): Promise<readonly AuditEntry[]>
}

export interface AuditFilter {
  readonly subject?: string | undefined
  readonly action?: string | undefined
  readonly limit?: number | undefined
}

export interface AuditEntry {
  readonly atMs: number
  /** `cli:<system user>`, `member:<id>`, `gatez` … */
  readonly actor: string
  /** As `key.approved`. */
  readonly action: string
  /** As `key:key_…`. */
  readonly subject: string
  /** Never holds a secret. */
  readonly detail: Readonly<Record<string, unknown>>
}
