import pg from 'pg'
import { GatezError } from '../../errors/gatez-error.ts'

/**
 * Turns what the Postgres driver threw into a problem with a way out.
 *
 * The driver's own words go into `cause` only: they can carry an address with its password. What is
 * neither the server's nor the network's doing (a broken constraint, wrong SQL) is our mistake and comes
 * back as it is.
 */
export function postgresProblem(thrown: unknown, place: string): unknown {
  if (thrown instanceof GatezError || !(thrown instanceof Error)) return thrown
  if (thrown.name === 'AssertionError') return thrown
  const detail = thrown instanceof pg.DatabaseError ? serverSays(thrown, place) : networkSays(thrown, place)
  return detail === undefined ? thrown : new GatezError('store-unavailable', detail, { cause: thrown })
}

/**
 * Whether a connection is of no use after this: all but what the server itself answered to one statement
 * and would go on after.
 */
export function isBroken(thrown: unknown): boolean {
  return !(thrown instanceof pg.DatabaseError) || isEnding(thrown.code ?? '')
}

function serverSays(error: pg.DatabaseError, place: string): string | undefined {
  const code = error.code ?? ''
  const known = SAYINGS[code] ?? (isEnding(code) ? 'is shutting down or starting' : undefined)
  if (known !== undefined) return `The store ${place} ${known}.`
  return code.startsWith('53')
    ? `The store ${place} has no room left: disk, memory or connections.`
    : undefined
}

function isEnding(code: string): boolean {
  return code.startsWith('57P') || code.startsWith('08')
}

const SAYINGS: Readonly<Record<string, string>> = {
  '28P01': 'does not know this user or password',
  '28000': 'does not let this user in: see its pg_hba.conf',
  '3D000': 'does not exist: create the database first (createdb)',
  '42501': 'does not allow this user what gatez needs: see docs/postgres.md for the roles',
  '25006': 'is read-only: it is a standby, or set so',
  '55P03': 'is in use: its write lock stayed taken',
  '57014': 'took too long over a statement, which was given up',
  '40P01': 'let two writers wait for each other and gave one up: try again',
  '40001': 'could not put two writers in order: try again',
}

function networkSays(error: Error, place: string): string | undefined {
  const code = 'code' in error ? String(error.code) : ''
  const reason =
    REASONS[code] ?? (LOST.test(error.message) ? 'the connection was lost or never answered' : undefined)
  if (reason !== undefined) return `The store ${place} cannot be reached: ${reason}.`
  return 'syscall' in error || TLS.test(code) ? `The store ${place} cannot be reached: ${code}.` : undefined
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'its host name cannot be looked up now',
  ETIMEDOUT: 'no answer',
  EHOSTUNREACH: 'there is no way to its host',
  ENETUNREACH: 'there is no way to its network',
  ECONNRESET: 'the connection was lost',
  EPIPE: 'the connection was lost',
  ENOENT: 'there is no such socket',
  EACCES: 'this user may not use its socket',
}

const LOST = /terminated|timeout|not queryable|closed|does not support SSL|SASL/i
const TLS = /^(?:CERT_|DEPTH_|ERR_TLS|ERR_SSL|SELF_SIGNED|UNABLE_TO)/
