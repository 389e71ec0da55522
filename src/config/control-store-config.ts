import { dirname, resolve } from 'node:path'
import { didYouMean } from '../lib/closest.ts'
import { parseSqliteUrl } from './address.ts'
import type { Parsed } from './parsed.ts'

/** Where the control store is: a file of this machine, or a database that many nodes share. */
export type ControlStoreConfig =
  | {
      readonly driver: 'sqlite'
      /** Absolute. */
      readonly path: string
    }
  | {
      readonly driver: 'postgres'
      /** With its password, so it is never printed. */
      readonly url: string
    }

/** Reads `sqlite:path/to/file.db` or `postgres://user@host:port/database`. */
export function parseControlUrl(text: string): Parsed<ControlStoreConfig> {
  if (!/^postgres(?:ql)?:/i.test(text)) {
    const parsed = parseSqliteUrl(text)
    if ('value' in parsed) return { value: { driver: 'sqlite', path: parsed.value } }
    const scheme = /^([a-z+]+):/i.exec(text)?.[1]
    return scheme === undefined || scheme === 'sqlite'
      ? parsed
      : { problem: `${scheme}: is no control store: ${EXAMPLES}` }
  }
  const problem = postgresProblemOf(text)
  return problem === undefined ? { value: { driver: 'postgres', url: text } } : { problem }
}

/** The store with its path made absolute, and where the files of a node are. */
export function placeControlStore(control: ControlStoreConfig, data: string | undefined, folder: string) {
  if (control.driver === 'postgres') return { control, dataDir: resolve(folder, data ?? '.gatez') }
  const path = resolve(folder, control.path)
  const store: ControlStoreConfig = { driver: 'sqlite', path }
  return { control: store, dataDir: data === undefined ? dirname(path) : resolve(folder, data) }
}

const EXAMPLES = 'write sqlite:.gatez/gatez.db or postgres://user@host:5432/gatez'

/** Options that mean something to us or to the connection; others would be ignored in silence. */
const OPTIONS = ['sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'host', 'port', 'uselibpqcompat']
const SSL_MODES = ['disable', 'verify-ca', 'verify-full', 'require', 'no-verify', 'prefer']

/** What is wrong with the URL of a database; no part of it is repeated, for it can hold a password. */
function postgresProblemOf(text: string): string | undefined {
  if (!URL.canParse(text)) {
    return 'is no URL; in a password write @ as %40, / as %2F, : as %3A, # as %23 and % as %25'
  }
  const { pathname, searchParams, hostname, hash } = new URL(text)
  if (pathname.length < 2 || pathname.slice(1).includes('/')) return `must name a database: ${EXAMPLES}`
  if (hostname === '' && !searchParams.has('host')) return `must name a host: ${EXAMPLES}`
  if (hash !== '') return 'must hold no #; in a password it is written %23'
  for (const option of searchParams.keys()) {
    if (!OPTIONS.includes(option))
      return `has the option ${JSON.stringify(option)}, which is not known${didYouMean(option, OPTIONS)}`
  }
  const mode = searchParams.get('sslmode')
  if (mode === null || SSL_MODES.includes(mode)) return undefined
  return `has the sslmode ${JSON.stringify(mode)}, which is not known${didYouMean(mode, SSL_MODES)}`
}
