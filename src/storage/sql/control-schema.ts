/** The tables of the control API and the portals. */
export interface ControlPlaneSchema {
  readonly audit_head: AuditHeadRow
  readonly done_requests: DoneRequestRow
  readonly member_secrets: MemberSecretRow
  readonly sessions: SessionRow
  readonly sign_in_links: SignInLinkRow
}

/** One row: the hash of the newest entry of the audit log, for who adds the next. */
export interface AuditHeadRow {
  readonly id: number
  readonly hash: string
}

export interface DoneRequestRow {
  readonly actor: string
  readonly idempotency_key: string
  readonly fingerprint: string
  readonly status: number
  readonly body: string | null
  readonly created_at_ms: number
}

export interface MemberSecretRow {
  readonly member_id: string
  readonly password: string | null
  readonly oidc_subject: string | null
  readonly changed_at_ms: number
}

export interface SessionRow {
  readonly hash: string
  readonly id: string
  readonly kind: 'operator' | 'member'
  readonly member_id: string | null
  readonly created_at_ms: number
  readonly expires_at_ms: number
}

export interface SignInLinkRow {
  readonly hash: string
  readonly purpose: 'operator' | 'sign-up' | 'oidc' | 'visit'
  /** JSON. */
  readonly detail: string
  readonly created_at_ms: number
  readonly expires_at_ms: number
}
