import { createHash, hash, randomInt } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { KeyScope } from './key-scope.ts'

/**
 * An API key, from the request for it to its end: one id all the way.
 *
 * requested → approved → (revealed once) active → revoked | expired. A rejected request ends there.
 */
export interface Key extends KeyScope {
  readonly id: string
  readonly tenantId: string
  readonly name: string
  readonly mode: KeyMode
  readonly state: KeyState
  /** SHA-256 of the secret, hex; null until it is revealed. */
  readonly hash: string | null
  /** `gz_live_ab12…wxyz`, null until there is a secret. */
  readonly masked: string | null
  /** Why it was asked for, in the words of who asked. */
  readonly reason: string | null
  readonly requestedBy: string
  readonly decidedBy: string | null
  /** Why it was rejected or revoked. */
  readonly decisionReason: string | null
  readonly createdAtMs: number
  readonly decidedAtMs: number | null
  readonly revealedAtMs: number | null
  readonly revokedAtMs: number | null
  readonly expiresAtMs: number | null
  /** The key that takes its place; set by rotation. Such a key no longer counts against `keys.max`. */
  readonly replacedById: string | null
  /** `try-it`: gatez made it for calls from the portal. Such a key is in no list and counts against nothing. */
  readonly purpose?: 'try-it' | null
}

export type KeyMode = 'live' | 'test'

export type KeyState = 'requested' | 'approved' | 'active' | 'rejected' | 'revoked'

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const RANDOM_LENGTH = 32
const CHECKSUM_LENGTH = 6
const SECRET_PATTERN = /^gz_(?:live|test)_[0-9A-Za-z]{38}$/
const TOKEN_PATTERN = /^gzt_[0-9A-Za-z]{38}$/
const OUR_START = 'gz_'
const TOKEN_START = 'gzt_'
const FOREIGN_PATTERN = /^[\x21-\x7e]{16,256}$/
const SECRET_ANYWHERE = /(?:gz_(?:live|test)|gzt)_[0-9A-Za-z]{38}/
const SECRETS_ANYWHERE = /(gz_live_|gz_test_|gzt_)[0-9A-Za-z]{38}/g
const MASK_HEAD_LENGTH = 'gz_live_'.length + 4
const FOREIGN_HEAD_SHOWN_FROM = 24

/**
 * Makes a secret: `gz_live_` or `gz_test_`, 32 random base62 characters (190 bits), then 6 of checksum.
 *
 * The checksum is the CRC-32 of everything before it in base62, left-padded: a mistyped or invented
 * key is told apart without any look-up, and a leak scanner can tell a real key from noise.
 */
export function makeSecret(mode: KeyMode): string {
  return makeChecked(`gz_${mode}_`)
}

/** Makes the secret of an operator's token: `gzt_`, then as a key. */
export function makeTokenSecret(): string {
  return makeChecked(TOKEN_START)
}

/** Whether `secret` has the form of our keys and its checksum holds. Touches no store. */
export function secretIsWellFormed(secret: string): boolean {
  return SECRET_PATTERN.test(secret) && checksumHolds(secret)
}

/** Whether `secret` has the form of an operator's token and its checksum holds. Touches no store. */
export function tokenIsWellFormed(secret: string): boolean {
  return TOKEN_PATTERN.test(secret) && checksumHolds(secret)
}

/**
 * Whether a key could have this secret: one of ours with its checksum, or 16 to 256 visible ASCII
 * characters that some other system made. Touches no store.
 */
export function secretMayBeKey(secret: string): boolean {
  return secret.startsWith(OUR_START) ? secretIsWellFormed(secret) : FOREIGN_PATTERN.test(secret)
}

/** SHA-256 of a secret, hex: the only form in which it is stored. */
export function hashSecret(secret: string): string {
  return hash('sha256', secret, 'hex')
}

/**
 * What may be shown for ever: the first four random characters and the last four; of a key that came from
 * another system four at each end, and of a short one the last four only.
 */
export function maskSecret(secret: string): string {
  if (secret.startsWith(TOKEN_START)) return `${secret.slice(0, TOKEN_START.length + 4)}…${secret.slice(-4)}`
  const isOurs = secret.startsWith(OUR_START)
  const headLength = isOurs ? MASK_HEAD_LENGTH : secret.length >= FOREIGN_HEAD_SHOWN_FROM ? 4 : 0
  return `${secret.slice(0, headLength)}…${secret.slice(-4)}`
}

/** Whether the secret of a key or a token stands anywhere in `text`. */
export function holdsSecret(text: string): boolean {
  return mayHoldSecret(text) && SECRET_ANYWHERE.test(text)
}

/** Every secret of a key or a token in `text` whose checksum holds, with where it begins: noise that looks like one is none. */
export function* secretsIn(text: string): Generator<{ readonly secret: string; readonly index: number }> {
  if (!mayHoldSecret(text)) return
  for (const { 0: secret, index } of text.matchAll(SECRETS_ANYWHERE)) {
    if (checksumHolds(secret)) yield { secret, index }
  }
}

/** `text` with every secret in it cut out: what may be kept of what a client wrote. */
export function withoutSecrets(text: string): string {
  return holdsSecret(text) ? text.replaceAll(SECRETS_ANYWHERE, '$1[redacted]') : text
}

/** SHA-256 of any text, hex. */
export function sha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function mayHoldSecret(text: string): boolean {
  return text.includes(OUR_START) || text.includes(TOKEN_START)
}

function makeChecked(start: string): string {
  let body = start
  for (let index = 0; index < RANDOM_LENGTH; index += 1) body += BASE62[randomInt(62)]
  return body + checksumOf(body)
}

function checksumHolds(secret: string): boolean {
  const bodyLength = secret.length - CHECKSUM_LENGTH
  return checksumOf(secret.slice(0, bodyLength)) === secret.slice(bodyLength)
}

function checksumOf(body: string): string {
  let rest = crc32(body)
  let text = ''
  for (let index = 0; index < CHECKSUM_LENGTH; index += 1) {
    text = BASE62[rest % 62] + text
    rest = Math.floor(rest / 62)
  }
  return text
}
