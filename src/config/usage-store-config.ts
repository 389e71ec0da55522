import { resolve } from 'node:path'
import { didYouMean } from '../lib/closest.ts'
import { parseSqliteUrl } from './address.ts'
import type { Parsed } from './parsed.ts'

/** Where the usage log is: a file of this machine, or a database in ClickHouse that many nodes share. */
export type UsageStoreConfig =
  | {
      readonly driver: 'sqlite'
      /** Absolute. */
      readonly path: string
    }
  | (ClickHouseAddress & {
      readonly driver: 'clickhouse'
      /** After how many days the server drops events. */
      readonly retentionDays: number
    })

/** What the URL of a database in ClickHouse says. */
export interface ClickHouseAddress {
  /** Scheme, host and port, as `https://ch.example.com:8443`. */
  readonly origin: string
  readonly user: string
  /** Never printed. */
  readonly password: string
  readonly database: string
  /** Where tables are made on every server of a cluster, replicated; null for a server of its own. */
  readonly cluster: string | null
}

/** The usage log as the file names it: a path as written, or the address of a database. */
export type WrittenUsageStore =
  | { readonly driver: 'sqlite'; readonly path: string }
  | (ClickHouseAddress & { readonly driver: 'clickhouse' })

/** Reads `sqlite:path/to/file.db` or `clickhouse+https://user:password@host:8443/database`. */
export function parseUsageUrl(text: string): Parsed<WrittenUsageStore> {
  if (CLICKHOUSE.test(text)) {
    const parsed = parseClickHouseUrl(text)
    return 'problem' in parsed ? parsed : { value: { driver: 'clickhouse', ...parsed.value } }
  }
  const parsed = parseSqliteUrl(text)
  if ('value' in parsed) return { value: { driver: 'sqlite', path: parsed.value } }
  const scheme = /^([a-z+]+):/i.exec(text)?.[1]
  return scheme === undefined || scheme === 'sqlite'
    ? parsed
    : { problem: `${scheme}: is no usage log: ${EXAMPLES}` }
}

/** The store with its path made absolute, and how long it keeps events. */
export function placeUsageStore(
  usage: WrittenUsageStore,
  folder: string,
  retentionDays: number,
): UsageStoreConfig {
  return usage.driver === 'sqlite'
    ? { driver: 'sqlite', path: resolve(folder, usage.path) }
    : { ...usage, retentionDays }
}

const CLICKHOUSE = /^(?:clickhouse(?:\+https?)?|https?):/i
const EXAMPLES = 'write sqlite:.gatez/usage.db or clickhouse+https://user:password@host:8443/gatez'

/** No part of it is repeated in a problem but names of options: it can hold a password. */
function parseClickHouseUrl(text: string): Parsed<ClickHouseAddress> {
  const plain = text.replace(/^clickhouse\+/i, '').replace(/^clickhouse:/i, 'http:')
  if (!URL.canParse(plain)) {
    return { problem: 'is no URL; in a password write @ as %40, / as %2F, : as %3A, # as %23 and % as %25' }
  }
  const url = new URL(plain)
  if (url.hash !== '') return { problem: 'must hold no #; in a password it is written %23' }
  const [user, password] = [decoded(url.username), decoded(url.password)]
  if (user === undefined || password === undefined) {
    return { problem: 'has a % in its user or password that escapes nothing; write it as %25' }
  }
  const unknown = [...url.searchParams.keys()].find((option) => option !== 'cluster')
  if (unknown !== undefined) {
    const hint = didYouMean(unknown, ['cluster'])
    return { problem: `has the option ${JSON.stringify(unknown)}, which is not known${hint}` }
  }
  const database = url.pathname.slice(1)
  if (!/^\w{1,128}$/.test(database)) {
    return { problem: `must name a database of letters, digits and _: ${EXAMPLES}` }
  }
  const cluster = url.searchParams.get('cluster')
  if (cluster !== null && !/^[\w.{}-]{1,128}$/.test(cluster)) {
    return { problem: 'has a cluster whose name is not one of letters, digits and _ . - { }' }
  }
  return {
    value: {
      origin: originOf(url, plain),
      user: user === '' ? 'default' : user,
      password,
      database,
      cluster,
    },
  }
}

/** Without a port the one that the server has for it. */
function originOf({ protocol, hostname }: URL, text: string): string {
  // As written: URL leaves out 80 and 443, which are not what ClickHouse listens on by itself.
  const [authority = ''] = /(?<=^[a-z]+:\/\/)[^/?#]*/i.exec(text) ?? []
  const port = /:(\d+)$/.exec(authority.slice(authority.lastIndexOf('@') + 1))?.[1]
  return `${protocol}//${hostname}:${port ?? (protocol === 'https:' ? '8443' : '8123')}`
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
