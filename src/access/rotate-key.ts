import { GatezError } from '../errors/gatez-error.ts'
import { prefixedId } from '../lib/id.ts'
import { isoTime } from '../lib/iso-time.ts'
import { hashSecret, type Key, makeSecret, maskSecret } from '../model/key.ts'
import { type Access, record, type Signed } from './access.ts'
import { lockKey } from './find-key.ts'
import { parseExpiry, parseSpan } from './key-expiry.ts'
import { type KeyView, type RevealedKeyView, stateAt, viewKey, viewRevealedKey } from './key-view.ts'
import { replaceKey } from './replace-key.ts'

/**
 * Puts a new key in the place of an active one and returns its secret, this once.
 *
 * The new key has the name, mode, scope and expiry of the old one. The old one lives on for the overlap,
 * never past its own expiry; without overlap it is revoked at once. Rotation needs no room in `keys.max`:
 * a replaced key no longer counts. So that this makes no way round it, a key is rotated once, and its
 * successor only after the overlap: of one line of keys at most two work at a time.
 */
export async function rotateKey(
  { store, clock }: Access,
  request: RotateKeyRequest,
): Promise<RotatedKeyView> {
  const nowMs = clock.nowMs()
  const { actor } = request
  const overlapMs = overlapOf(request.overlap ?? '24h')
  const expiresAtMs = request.expires === undefined ? undefined : parseExpiry(request.expires, nowMs)

  return store.transaction(async (tables) => {
    const { key: old, tenant } = await lockKey(tables, request.keyId)
    if (old.replacedById !== null) throw alreadyReplaced(old)
    if (stateAt(old, nowMs) !== 'active') throw notRotatable(old, nowMs)
    const siblings = await tables.keys.list({ tenantId: tenant.id, state: 'active' })
    const before = siblings.find((key) => key.replacedById === old.id && stateAt(key, nowMs) === 'active')
    if (before !== undefined) throw overlapRuns(old, before)

    const secret = makeSecret(old.mode)
    const next: Key = {
      ...old,
      id: prefixedId('key'),
      hash: hashSecret(secret),
      masked: maskSecret(secret),
      reason: null,
      requestedBy: actor,
      decidedBy: actor,
      decisionReason: null,
      createdAtMs: nowMs,
      decidedAtMs: nowMs,
      revealedAtMs: nowMs,
      expiresAtMs: expiresAtMs ?? old.expiresAtMs,
    }
    await tables.keys.insert(next)
    const ending = endOf(old, next, nowMs, overlapMs)
    await replaceKey(tables, old, ending)

    const entry = { atMs: nowMs, actor, action: 'key.rotated' }
    const oldUntil = ending.state === 'revoked' ? nowMs : ending.expiresAtMs
    await record(tables, {
      ...entry,
      subject: `key:${old.id}`,
      detail: { replaced_by: next.id, until_ms: oldUntil },
    })
    const detail = { tenant_id: tenant.id, replaces: old.id, masked: next.masked }
    await record(tables, { ...entry, action: 'key.created', subject: `key:${next.id}`, detail })
    return { ...viewRevealedKey(next, secret, nowMs), replaces: viewKey(ending, nowMs) }
  })
}

export interface RotateKeyRequest extends Signed {
  readonly keyId: string
  /** How long the old key lives on, as `24h` (the default), at most 90 days; `0` ends it at once. */
  readonly overlap?: string | undefined
  /** When the new key ends; as the old one if not given. */
  readonly expires?: string | undefined
}

export interface RotatedKeyView extends RevealedKeyView {
  /** The old key, with when it ends. */
  readonly replaces: KeyView
}

const OVERLAP_MS_MAX = 90 * 86_400_000

function overlapOf(text: string): number {
  const overlapMs = text === '0' ? 0 : parseSpan(text)
  if (overlapMs === undefined || overlapMs > OVERLAP_MS_MAX) {
    const detail = `overlap is ${JSON.stringify(text)}: write a span up to 90d, such as 24h, or 0 to end the old key at once.`
    throw new GatezError('invalid-parameter', detail)
  }
  return overlapMs
}

function endOf(old: Key, next: Key, nowMs: number, overlapMs: number): Key {
  const replaced = { ...old, replacedById: next.id }
  if (overlapMs === 0) {
    return { ...replaced, state: 'revoked', decisionReason: `rotated to ${next.id}`, revokedAtMs: nowMs }
  }
  return {
    ...replaced,
    expiresAtMs: Math.min(nowMs + overlapMs, old.expiresAtMs ?? Number.POSITIVE_INFINITY),
  }
}

function alreadyReplaced(key: Key): GatezError {
  const detail = `Key ${key.id} was rotated before: gatez keys show ${key.replacedById} is its successor.`
  return new GatezError('wrong-state', detail)
}

function overlapRuns(key: Key, before: Key): GatezError {
  const until = isoTime(before.expiresAtMs ?? 0)
  const detail =
    `Key ${key.id} took the place of ${before.id}, which works until ${until}: ` +
    `gatez keys revoke ${before.id} ends it before the next rotation.`
  return new GatezError('wrong-state', detail)
}

function notRotatable(key: Key, nowMs: number): GatezError {
  const state = stateAt(key, nowMs)
  const way =
    state === 'approved' || state === 'requested'
      ? 'it has no secret yet'
      : `gatez keys create ${key.tenantId} makes a new one`
  return new GatezError(
    'wrong-state',
    `Key ${key.id} is ${state}; only an active key can be rotated: ${way}.`,
  )
}
