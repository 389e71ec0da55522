import type { Parsed } from './parsed.ts'

/** Where limits and quotas are counted: in this process, or in a Redis that many nodes share. */
export type CountersConfig = { readonly driver: 'memory' } | RedisCountersConfig

export interface RedisCountersConfig {
  readonly driver: 'redis'
  readonly host: string
  readonly port: number
  readonly database: number
  readonly tls: boolean
  /** File of the authority that signed its certificate (PEM); empty = one the system knows. */
  readonly ca: string
  /** Empty = none, as the password. */
  readonly username: string
  readonly password: string
  /** Goes before every key; empty = none. */
  readonly prefix: string
  readonly cluster: boolean
  /** How long an answer is waited for, before a call is decided without it. */
  readonly answerMsMax: number
}

/** Reads `memory`, or `redis://user:password@host:port/database` with options; `rediss:` speaks TLS. */
export function parseCountersUrl(text: string): Parsed<CountersConfig> {
  if (text === 'memory') return { value: { driver: 'memory' } }
  if (!/^rediss?:/i.test(text)) {
    const scheme = /^([a-z+]+):/i.exec(text)?.[1]
    return {
      problem:
        scheme === undefined
          ? `must be ${EXAMPLES}`
          : `${scheme}: is no store of counters: write ${EXAMPLES}`,
    }
  }
  if (!/^rediss?:\/\//i.test(text) || !URL.canParse(text)) {
    return { problem: 'is no URL; in a password write @ as %40, / as %2F, : as %3A, # as %23 and % as %25' }
  }
  return readUrl(new URL(text))
}

/** The store with its paths made absolute. */
export function placeCounters(counters: CountersConfig, absolute: (path: string) => string): CountersConfig {
  if (counters.driver === 'memory' || counters.ca === '') return counters
  return { ...counters, ca: absolute(counters.ca) }
}

const EXAMPLES = 'memory, redis://host:6379 or rediss://user:password@host:6379'

const OPTIONS = ['prefix', 'cluster', 'timeout', 'ca']

/** No part of it is repeated in a problem, for it can hold a password. */
function readUrl(url: URL): Parsed<CountersConfig> {
  if (url.hostname === '') return { problem: `must name a host: ${EXAMPLES}` }
  if (url.hash !== '') return { problem: 'must hold no #; in a password it is written %23' }
  const database = /^\/?$/.test(url.pathname) ? 0 : Number(/^\/(\d{1,5})$/.exec(url.pathname)?.[1])
  if (Number.isNaN(database)) return { problem: 'must end with its host or the number of a database, as /0' }
  const unknown = [...url.searchParams.keys()].find((option) => !OPTIONS.includes(option))
  if (unknown !== undefined)
    return { problem: `has the unknown option ${unknown}; known are ${OPTIONS.join(', ')}` }
  const { prefix = '', cluster = 'false', timeout = '50ms', ca = '' } = Object.fromEntries(url.searchParams)
  if (!/^[\w.:-]{0,64}$/.test(prefix)) {
    return {
      problem: 'prefix must be letters, digits, _ . : and -, at most 64: braces would move keys of a cluster',
    }
  }
  if (cluster !== 'true' && cluster !== 'false') return { problem: 'cluster must be true or false' }
  if (cluster === 'true' && database !== 0) return { problem: 'a cluster has one database only, 0' }
  const answerMsMax = Number(/^(\d{1,5})ms$/.exec(timeout)?.[1])
  if (!(answerMsMax >= 5 && answerMsMax <= 10_000)) return { problem: 'timeout must be from 5ms to 10000ms' }
  const tls = url.protocol === 'rediss:'
  if (ca !== '' && !tls) return { problem: 'ca has a meaning with rediss: only' }
  return {
    value: {
      driver: 'redis',
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port === '' ? 6379 : Number(url.port),
      database,
      tls,
      ca,
      username: decoded(url.username),
      password: decoded(url.password),
      prefix,
      cluster: cluster === 'true',
      answerMsMax,
    },
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    // A % that begins no character stands for itself.
    return part
  }
}
