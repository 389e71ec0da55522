import { GatezError } from '../errors/gatez-error.ts'
import { didYouMean } from '../lib/closest.ts'
import { type CsvRecord, parseCsv } from '../lib/csv.ts'
import { parseIsoTime } from '../lib/iso-time.ts'
import { hashSecret, maskSecret, secretMayBeKey } from '../model/key.ts'
import { NAME_LENGTH_MAX } from './text.ts'

/** One key of an import file, its secret hashed already. */
export interface ImportRow {
  readonly line: number
  /** Id or external id. */
  readonly tenant: string
  readonly name: string
  readonly hash: string
  readonly masked: string
  readonly expiresAtMs: number | null
}

/** What is wrong with a line. Never holds a value that could be a secret. */
export interface ImportProblem {
  readonly line: number
  readonly what: string
}

/**
 * Reads a CSV of keys, all problems at once: columns `tenant`, `name`, `key` or `sha256`, perhaps
 * `expires_at`, in any order.
 *
 * Throws `invalid-parameter` when the head is not one of these; from then on every line is either a row or
 * has its problem.
 */
export function readImport(text: string, nowMs: number): ImportFile {
  const { records, problem } = parseCsv(text)
  const [head, ...rest] = records
  const columns = columnsOf(head)
  const rows: ImportRow[] = []
  const problems: ImportProblem[] = problem === undefined ? [] : [problem]
  const lineOfHash = new Map<string, number>()

  for (const record of rest) {
    const row = rowOf(record, columns, nowMs)
    if ('what' in row) {
      problems.push(row)
      continue
    }
    const before = lineOfHash.get(row.hash)
    if (before === undefined) rows.push(row)
    else problems.push({ line: row.line, what: `the same key as in line ${before}` })
    lineOfHash.set(row.hash, before ?? row.line)
  }
  return { rows, problems }
}

export interface ImportFile {
  readonly rows: readonly ImportRow[]
  readonly problems: readonly ImportProblem[]
}

const COLUMNS = ['tenant', 'name', 'key', 'sha256', 'expires_at'] as const

type Column = (typeof COLUMNS)[number]

function columnsOf(head: CsvRecord | undefined): readonly Column[] {
  if (head === undefined) throw headProblem('the file is empty')
  const columns = head.fields.map((field) => {
    const name = field.trim().toLowerCase()
    const column = COLUMNS.find((known) => known === name)
    if (column !== undefined) return column
    // A file without a head has a key here.
    const shown = /^[a-z_]{1,15}$/.test(name) ? ` ${name}${didYouMean(name, COLUMNS)}` : ''
    throw headProblem(`its first line names an unknown column${shown}`)
  })
  if (new Set(columns).size < columns.length) throw headProblem('its first line names a column twice')
  for (const needed of ['tenant', 'name'] as const) {
    if (!columns.includes(needed)) throw headProblem(`its first line lacks the column ${needed}`)
  }
  if (columns.includes('key') === columns.includes('sha256')) {
    throw headProblem('its first line must name one of key and sha256')
  }
  return columns
}

function headProblem(what: string): GatezError {
  const detail = `FILE cannot be read: ${what}. It begins as tenant,name,key or tenant,name,sha256, with expires_at if you like.`
  return new GatezError('invalid-parameter', detail)
}

function rowOf(
  { line, fields }: CsvRecord,
  columns: readonly Column[],
  nowMs: number,
): ImportRow | ImportProblem {
  if (fields.length !== columns.length) {
    return { line, what: `has ${fields.length} fields where the first line names ${columns.length}` }
  }
  const field = (column: Column) => fields[columns.indexOf(column)]?.trim() ?? ''
  const tenant = field('tenant')
  const name = field('name') || 'default'
  if (tenant === '') return { line, what: 'tenant is empty' }
  if (name.length > NAME_LENGTH_MAX || /\p{Cc}/u.test(name)) {
    return { line, what: `name is longer than ${NAME_LENGTH_MAX} characters or holds control characters` }
  }
  const secret = columns.includes('key') ? ofKey(field('key')) : ofHash(field('sha256'))
  if (typeof secret === 'string') return { line, what: secret }
  const expires = field('expires_at')
  const expiresAtMs = expires === '' ? null : parseIsoTime(expires)
  if (expiresAtMs === undefined) return { line, what: 'expires_at is no time such as 2027-01-01T00:00Z' }
  if (expiresAtMs !== null && expiresAtMs <= nowMs) return { line, what: 'expires_at is not in the future' }
  return { line, tenant, name, ...secret, expiresAtMs }
}

/** What is kept of a key, or what is wrong with it. */
function ofKey(key: string): { hash: string; masked: string } | string {
  if (secretMayBeKey(key)) return { hash: hashSecret(key), masked: maskSecret(key) }
  return key.startsWith('gz_')
    ? 'key begins with gz_ but its checksum does not hold'
    : 'key is not 16 to 256 visible ASCII characters'
}

function ofHash(text: string): { hash: string; masked: string } | string {
  const hash = text.toLowerCase()
  if (!/^[0-9a-f]{64}$/.test(hash)) return 'sha256 is not 64 hexadecimal digits'
  return { hash, masked: `sha256:${hash.slice(0, 4)}…` }
}
