import type { Member, MemberRole } from '../../model/tenant.ts'

/** Who is signed in at the portals, and how: hashes only, never a password, a cookie or a link. */
export interface SessionStore {
  insert(session: Session): Promise<void>
  findByHash(hash: string): Promise<Session | undefined>
  remove(hash: string): Promise<void>
  /** Ends all sessions of a member, as when its password changes. */
  removeOfMember(memberId: string): Promise<void>
  /** Forgets what ended before `nowMs`: sessions and links. */
  forgetEnded(nowMs: number): Promise<void>
  /** The member with this id, whatever its tenant. */
  findMember(memberId: string): Promise<SignedMember | undefined>
  /** Those with this address: one of each tenant it belongs to. */
  findMembersByEmail(email: string): Promise<readonly SignedMember[]>
  findMemberByLink(hash: string, nowMs: number): Promise<SignedMember | undefined>
  findMemberBySubject(subject: string): Promise<SignedMember | undefined>
  /** Takes the link away, and every other of its member; false when it was gone. Of two who race, one wins. */
  takeMemberLink(hash: string): Promise<boolean>
  setPassword(memberId: string, password: string, atMs: number): Promise<void>
  setSubject(memberId: string, subject: string, atMs: number): Promise<void>
  setRole(memberId: string, role: MemberRole): Promise<void>
  insertLink(link: SignInLink): Promise<void>
  /** A link that holds at `nowMs`, which stays. */
  findLink(hash: string, purpose: SignInLink['purpose'], nowMs: number): Promise<SignInLink | undefined>
  /** Takes a link that holds at `nowMs` away and returns it; undefined when there is none. */
  takeLink(hash: string, purpose: SignInLink['purpose'], nowMs: number): Promise<SignInLink | undefined>
}

export interface Session {
  /** SHA-256 of the cookie, hex. */
  readonly hash: string
  readonly id: string
  readonly kind: 'operator' | 'member'
  /** null for operators. */
  readonly memberId: string | null
  readonly createdAtMs: number
  readonly expiresAtMs: number
}

export interface SignedMember extends Omit<Member, 'createdAtMs'> {
  /** As `hashPassword` made it; null until one is set. */
  readonly password: string | null
}

/** A link or an answer that is awaited once; or the visit of an operator at a customer, which is taken when it ends. */
export interface SignInLink {
  /** SHA-256 of what it carries, hex. */
  readonly hash: string
  readonly purpose: 'operator' | 'sign-up' | 'oidc' | 'visit'
  readonly detail: Readonly<Record<string, string>>
  readonly createdAtMs: number
  readonly expiresAtMs: number
}
