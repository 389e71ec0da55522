import type { Kysely } from 'kysely'
import type { MemberRole } from '../../model/tenant.ts'
import type { Session, SessionStore, SignedMember, SignInLink } from '../ports/sessions.ts'
import type { SignInLinkRow } from './control-schema.ts'
import type { ControlSchema } from './schema.ts'

/** Sessions, passwords and links in SQL. */
export class SqlSessionStore implements SessionStore {
  readonly #db: Kysely<ControlSchema>

  constructor(db: Kysely<ControlSchema>) {
    this.#db = db
  }

  async insert(session: Session): Promise<void> {
    await this.#db
      .insertInto('sessions')
      .values({
        hash: session.hash,
        id: session.id,
        kind: session.kind,
        member_id: session.memberId,
        created_at_ms: session.createdAtMs,
        expires_at_ms: session.expiresAtMs,
      })
      .execute()
  }

  async findByHash(hash: string): Promise<Session | undefined> {
    const row = await this.#db.selectFrom('sessions').selectAll().where('hash', '=', hash).executeTakeFirst()
    return row === undefined
      ? undefined
      : {
          hash,
          id: row.id,
          kind: row.kind,
          memberId: row.member_id,
          createdAtMs: row.created_at_ms,
          expiresAtMs: row.expires_at_ms,
        }
  }

  async remove(hash: string): Promise<void> {
    await this.#db.deleteFrom('sessions').where('hash', '=', hash).execute()
  }

  async removeOfMember(memberId: string): Promise<void> {
    await this.#db.deleteFrom('sessions').where('member_id', '=', memberId).execute()
  }

  async forgetEnded(nowMs: number): Promise<void> {
    await this.#db.deleteFrom('sessions').where('expires_at_ms', '<=', nowMs).execute()
    await this.#db.deleteFrom('sign_in_links').where('expires_at_ms', '<=', nowMs).execute()
  }

  async findMember(memberId: string): Promise<SignedMember | undefined> {
    const row = await this.#members().where('members.id', '=', memberId).executeTakeFirst()
    return row && toSigned(row)
  }

  async findMembersByEmail(email: string): Promise<readonly SignedMember[]> {
    const rows = await this.#members()
      .where('members.email', '=', email)
      .orderBy('members.created_at_ms')
      .orderBy('members.id')
      .execute()
    return rows.map(toSigned)
  }

  async findMemberByLink(hash: string, nowMs: number): Promise<SignedMember | undefined> {
    const row = await this.#members()
      .innerJoin('member_links', 'member_links.member_id', 'members.id')
      .where('member_links.hash', '=', hash)
      .where('member_links.expires_at_ms', '>', nowMs)
      .executeTakeFirst()
    return row && toSigned(row)
  }

  async findMemberBySubject(subject: string): Promise<SignedMember | undefined> {
    const row = await this.#members().where('member_secrets.oidc_subject', '=', subject).executeTakeFirst()
    return row && toSigned(row)
  }

  async takeMemberLink(hash: string): Promise<boolean> {
    const taken = await this.#db
      .deleteFrom('member_links')
      .where('hash', '=', hash)
      .returning('member_id')
      .executeTakeFirst()
    if (taken === undefined) return false
    await this.#db.deleteFrom('member_links').where('member_id', '=', taken.member_id).execute()
    return true
  }

  async setPassword(memberId: string, password: string, atMs: number): Promise<void> {
    await this.#setSecret(memberId, { password }, atMs)
  }

  async setSubject(memberId: string, subject: string, atMs: number): Promise<void> {
    await this.#setSecret(memberId, { oidc_subject: subject }, atMs)
  }

  async setRole(memberId: string, role: MemberRole): Promise<void> {
    await this.#db.updateTable('members').set({ role }).where('id', '=', memberId).execute()
  }

  async insertLink(link: SignInLink): Promise<void> {
    await this.#db
      .insertInto('sign_in_links')
      .values({
        hash: link.hash,
        purpose: link.purpose,
        detail: JSON.stringify(link.detail),
        created_at_ms: link.createdAtMs,
        expires_at_ms: link.expiresAtMs,
      })
      .execute()
  }

  async findLink(
    hash: string,
    purpose: SignInLink['purpose'],
    nowMs: number,
  ): Promise<SignInLink | undefined> {
    const row = await this.#db
      .selectFrom('sign_in_links')
      .selectAll()
      .where('hash', '=', hash)
      .where('purpose', '=', purpose)
      .where('expires_at_ms', '>', nowMs)
      .executeTakeFirst()
    return row && toLink(row)
  }

  async takeLink(
    hash: string,
    purpose: SignInLink['purpose'],
    nowMs: number,
  ): Promise<SignInLink | undefined> {
    const row = await this.#db
      .deleteFrom('sign_in_links')
      .where('hash', '=', hash)
      .where('purpose', '=', purpose)
      .where('expires_at_ms', '>', nowMs)
      .returningAll()
      .executeTakeFirst()
    return row && toLink(row)
  }

  #members() {
    return this.#db
      .selectFrom('members')
      .leftJoin('member_secrets', 'member_secrets.member_id', 'members.id')
      .select([
        'members.id as id',
        'members.tenant_id as tenant_id',
        'members.email as email',
        'members.role as role',
        'member_secrets.password as password',
      ])
  }

  async #setSecret(
    memberId: string,
    secret: { readonly password: string } | { readonly oidc_subject: string },
    atMs: number,
  ): Promise<void> {
    await this.#db
      .insertInto('member_secrets')
      .values({ member_id: memberId, password: null, oidc_subject: null, ...secret, changed_at_ms: atMs })
      .onConflict((conflict) => conflict.column('member_id').doUpdateSet({ ...secret, changed_at_ms: atMs }))
      .execute()
  }
}

interface SignedRow {
  readonly id: string
  readonly tenant_id: string
  readonly email: string
  readonly role: MemberRole
  readonly password: string | null
}

function toLink({ hash, purpose, detail: text, created_at_ms, expires_at_ms }: SignInLinkRow): SignInLink {
  const detail: Readonly<Record<string, string>> = JSON.parse(text)
  return { hash, purpose, detail, createdAtMs: created_at_ms, expiresAtMs: expires_at_ms }
}

function toSigned({ id, tenant_id: tenantId, email, role, password }: SignedRow): SignedMember {
  return { id, tenantId, email, role, password }
}
