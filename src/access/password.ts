import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { GatezError } from '../errors/gatez-error.ts'

/**
 * What is kept of a password: a scrypt hash with a salt of its own and the costs it was made with.
 *
 * Some 60 ms and 32 MiB each, off the event loop.
 */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16)
  const hash = await derive(password, salt, COST)
  return ['scrypt', COST, salt.toString('base64url'), hash.toString('base64url')].join('$')
}

/**
 * Whether `password` is the one that was hashed. Takes as long for a member that has none, so that nobody
 * learns who has an account.
 */
export async function passwordHolds(password: string, kept: string | null): Promise<boolean> {
  const [, cost = String(COST), salt = '', hash = ''] = (kept ?? NOBODYS).split('$')
  const wanted = Buffer.from(hash, 'base64url')
  const found = await derive(password, Buffer.from(salt, 'base64url'), Number(cost))
  return wanted.length === found.length && timingSafeEqual(wanted, found) && kept !== null
}

/** Throws `invalid-parameter` for what nobody should take as a password. */
export function checkPassword(password: string, email: string): void {
  const wrong =
    password.length < LENGTH_MIN
      ? `has ${password.length} characters: take at least ${LENGTH_MIN}`
      : password.length > LENGTH_MAX
        ? `has more than ${LENGTH_MAX} characters`
        : new Set(password).size < 5 || password.toLowerCase().includes(email)
          ? 'is too easy to guess: take several words, and not the address'
          : undefined
  if (wrong !== undefined) throw new GatezError('invalid-parameter', `password ${wrong}.`)
}

const LENGTH_MIN = 10
const LENGTH_MAX = 256
const COST = 2 ** 15
const LENGTH = 32
const NOBODYS = `scrypt$${COST}$${Buffer.alloc(16).toString('base64url')}$${Buffer.alloc(LENGTH).toString('base64url')}`

function derive(password: string, salt: Buffer, cost: number): Promise<Buffer> {
  // One person's é is another's e with an accent: both are typed the same.
  const text = password.normalize('NFKC')
  return new Promise((resolve, reject) => {
    scrypt(text, salt, LENGTH, { N: cost, r: 8, p: 1, maxmem: 64 * 1024 * 1024 }, (error, key) => {
      if (error === null) resolve(key)
      else reject(error)
    })
  })
}
