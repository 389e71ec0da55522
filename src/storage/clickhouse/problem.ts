import { ClickHouseError } from '@clickhouse/client'
import { GatezError } from '../../errors/gatez-error.ts'
import type { ClickHousePlace } from './connection.ts'
import { placeName } from './place-name.ts'

/**
 * Turns what the client threw into a problem with a way out.
 *
 * The words of server and client go into `cause` only. What is nobody's doing but ours (wrong SQL, a value that
 * fits no column) comes back as it is.
 */
export function clickHouseProblem(thrown: unknown, place: ClickHousePlace): unknown {
  const why = reasonOf(thrown, place)
  if (why === undefined) return thrown
  const detail = `The usage log in ClickHouse at ${placeName(place)} ${why}.`
  return new GatezError('store-unavailable', detail, { cause: thrown })
}

function reasonOf(thrown: unknown, place: ClickHousePlace): string | undefined {
  if (thrown instanceof ClickHouseError) {
    const say = OF_SERVER[thrown.code]
    return typeof say === 'string' ? say : say?.(place)
  }
  if (!(thrown instanceof Error)) return undefined
  // The client tells a time-out by its words alone.
  if (/timeout/i.test(thrown.message)) return 'does not answer in time'
  const code = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : ''
  if (code in OF_NETWORK) return OF_NETWORK[code]
  if (/certificate|SSL|TLS/i.test(`${code} ${thrown.message}`))
    return 'cannot be reached: its certificate is not accepted, or it speaks no TLS'
  if (/socket hang up|network|fetch/i.test(thrown.message) || code !== '') return 'cannot be reached'
  return isForeign(thrown) ? FOREIGN : undefined
}

/** The client has no name for an answer that is not ClickHouse's: its text is the message, or no JSON. */
function isForeign(thrown: Error): boolean {
  return thrown.name === 'Error' || thrown.name === 'SyntaxError'
}

const FOREIGN =
  'answers as no ClickHouse does: look at host and port in stores.usage, and at what stands between'

const OF_NETWORK: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'cannot be reached: nothing listens there',
  ENOTFOUND: 'cannot be reached: there is no such host',
  EAI_AGAIN: 'cannot be reached: its name cannot be looked up',
  EHOSTUNREACH: 'cannot be reached: there is no way to that host',
  ENETUNREACH: 'cannot be reached: there is no way to that host',
  ECONNRESET: 'broke off the connection',
  EPIPE: 'broke off the connection',
  ETIMEDOUT: 'does not answer in time',
}

type Say = string | ((place: ClickHousePlace) => string)

const IN_TIME = 'does not answer in time'
const refusesUser: Say = ({ user }) =>
  `does not let the user ${user} in: look at the name and the password in stores.usage`

/** By the code of the server's error. */
const OF_SERVER: Readonly<Record<string, Say>> = {
  '159': IN_TIME,
  '164': ({ user }) => `may only be read by the user ${user}`,
  '192': refusesUser,
  '193': refusesUser,
  '194': refusesUser,
  '202': 'is busy: it runs as many queries as it may',
  '209': IN_TIME,
  '210': 'cannot be reached',
  '241': 'has no memory left for this',
  '242': 'takes no writes now: a replica has lost its keeper',
  '243': 'has no room left on its disk',
  '252': 'has too many parts to merge, and takes no writes now',
  '285': 'has too few replicas to write to',
  '319': 'cannot say whether the last write was done',
  '394': 'broke off the query',
  '497': ({ user }) => `refuses the user ${user} a right that is needed: docs/clickhouse.md lists them`,
  '516': refusesUser,
  '701': ({ cluster }) => `does not know the cluster ${cluster} that stores.usage names`,
  '81': ({ database }) => `is not there: make it with CREATE DATABASE ${database}`,
  '999': 'takes no writes now: its keeper cannot be reached',
}
