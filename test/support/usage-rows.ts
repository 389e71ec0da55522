import { execFileSync } from 'node:child_process'
import Database from 'better-sqlite3'
import type { EventRow } from '../../src/storage/sql/usage-log-schema.ts'
import type { Project } from './project.ts'

/** The raw events of a project, as the usage log has them, in the order of their ids. */
export function usageRows(project: Project): EventRow[] {
  if (project.stores !== undefined) return rowsInClickHouse(project.stores.usage)
  const database = new Database(project.path('.gatez/usage.db'), { readonly: true })
  try {
    return database.prepare<[], EventRow>('SELECT * FROM events ORDER BY id').all()
  } finally {
    database.close()
  }
}

/** The same rows: maps as text, numbers as numbers. */
function rowsInClickHouse(usage: string): EventRow[] {
  const { origin, username, password, pathname } = new URL(usage.replace('clickhouse+', ''))
  const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  const url = `${origin}/?output_format_json_quote_64bit_integers=0&database=${pathname.slice(1)}`
  const text = execFileSync('curl', ['-sSf', '--user', user, '--data-binary', EVENTS, url], {
    encoding: 'utf8',
    maxBuffer: 1e9,
  })
  return text
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

const COLUMNS = [
  ...['id', 'tenant_id', 'key_id', 'api_id', 'route_id', 'plan_id', 'plan_version', 'subscription_id'],
  ...['method', 'endpoint', 'status_code', 'outcome', 'refusal', 'response_time_ms', 'bytes_sent'],
  ...[
    'bytes_received',
    'usage_units',
    'client_ip',
    'request_id',
    'node_id',
    'epoch',
    'seq',
    'source',
    'count',
  ],
]
const MAPS = ['quantities', 'dimensions', 'leaks']

const EVENTS = `
  SELECT ${COLUMNS.join(', ')}, toUnixTimestamp64Milli(timestamp) AS timestamp, toUInt8(billable) AS billable,
    ${MAPS.map((map) => `if(empty(${map}), '', toJSONString(${map})) AS ${map}`).join(', ')}
  FROM usage_events FINAL ORDER BY id FORMAT JSONEachRow`
