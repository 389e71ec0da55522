import { randomInt } from 'node:crypto'
import { GatezError } from '../errors/gatez-error.ts'
import type { Access } from './access.ts'
import { createTenant } from './create-tenant.ts'
import { inviteMember } from './invite-member.ts'
import { requestReset } from './request-reset.ts'
import { within } from './within.ts'

/**
 * Makes an organisation for a person who came by itself, and mails the link that lets it in as its admin.
 *
 * Whoever has an account gets a link to it instead: the answer must not tell which it was.
 */
export async function signUp(access: Access, request: SignUpRequest): Promise<void> {
  const known = await access.store.sessions.findMembersByEmail(request.email.trim().toLowerCase())
  if (known.length > 0) return requestReset(access, request.email)
  const { store, clock } = access
  await store.transaction(async (tables) => {
    const inside = { clock, store: within(tables) }
    const id = await freeId(
      request.organisation,
      async (text) => (await tables.tenants.find(text)) === undefined,
    )
    const actor = 'gatez'
    await createTenant(inside, { id, name: request.organisation, planId: request.planId, actor })
    await inviteMember(inside, { tenant: id, email: request.email, role: 'admin', actor })
  })
}

export interface SignUpRequest {
  readonly email: string
  /** What it is called. */
  readonly organisation: string
  readonly planId: string | undefined
}

const TRIES_MAX = 20

/** An id made of the name; with a number behind it where that is taken. */
async function freeId(name: string, isFree: (id: string) => Promise<boolean>): Promise<string> {
  const slug = name
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replaceAll(/^-+|-+$/g, '')
  const base = slug === '' ? 'org' : slug
  for (let time = 0; time < TRIES_MAX; time += 1) {
    const id = time === 0 ? base : `${base}-${randomInt(10_000, 100_000)}`
    if (await isFree(id)) return id
  }
  throw new GatezError('already-exists', `Every name like ${base} is taken; choose another.`)
}
