/** What one check of the doctor found. */
export interface Finding {
  /** What was looked at, in a word or two. */
  readonly check: string
  readonly verdict: 'ok' | 'warning' | 'failure'
  readonly detail: string
  /** What to do about it; null when there is nothing to do. */
  readonly fix: string | null
}

/** All is well. */
export function ok(check: string, detail: string): Finding {
  return { check, verdict: 'ok', detail, fix: null }
}

/** Something that works and should be seen to. */
export function warning(check: string, detail: string, fix: string): Finding {
  return { check, verdict: 'warning', detail, fix }
}

/** Something that keeps gatez from working, or from counting. */
export function failure(check: string, detail: string, fix: string): Finding {
  return { check, verdict: 'failure', detail, fix }
}
