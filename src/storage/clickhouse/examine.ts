import { GatezError } from '../../errors/gatez-error.ts'
import type { Clock } from '../../lib/clock.ts'
import type { UsageServerFacts } from '../ports/usage-server-facts.ts'
import { ClickHouseConnection, type ClickHousePlace } from './connection.ts'
import { usageLogSchema } from './usage-log-schema.ts'

/** Looks at a server and changes nothing; throws `store-unavailable` when it cannot be asked. */
export async function examineClickHouse(place: ClickHousePlace, clock: Clock): Promise<UsageServerFacts> {
  await using connection = new ClickHouseConnection(place)
  // The first call also opens the connection.
  await connection.row('SELECT 1')
  const times: number[] = []
  let clockSkewMs = 0
  for (let time = 0; time < ROUND_TRIPS; time += 1) {
    const beganMs = clock.monotonicMs()
    const hereMs = clock.nowMs()
    const [thereMs] = await connection.row<[number]>('SELECT toUnixTimestamp64Milli(now64(3))')
    const tookMs = clock.monotonicMs() - beganMs
    if (tookMs <= Math.min(...times, tookMs)) clockSkewMs = Math.round(thereMs - (hereMs + tookMs / 2))
    times.push(tookMs)
  }
  const [version, freeBytes] = await connection.row<[string, number]>(
    'SELECT version(), (SELECT min(free_space) FROM system.disks)',
  )
  const schema = await usageLogSchema(connection)
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const host = new URL(place.origin)
  return {
    version,
    release: [major, minor],
    user: place.user,
    missing: await missingRights(connection, schema.version > 0),
    latencyMs: Math.min(...times),
    isEncrypted: host.protocol === 'https:',
    isLoopback: /^(?:127\.|localhost$|\[::1\]$)/.test(host.hostname),
    clockSkewMs: Math.abs(clockSkewMs) < SKEW_MS_SEEN ? 0 : clockSkewMs,
    schema: schema.version,
    schemaKnown: schema.known,
    freeBytes,
  }
}

const ROUND_TRIPS = 5
/** Below it a difference says nothing: the answer takes as long. */
const SKEW_MS_SEEN = 50

/** Rights that gatez needs in its database. Making tables only as long as they are not there. */
async function missingRights(connection: ClickHouseConnection, isMade: boolean): Promise<readonly string[]> {
  const wanted = ['SELECT', 'INSERT', 'ALTER DELETE', 'ALTER TTL', ...(isMade ? [] : ['CREATE TABLE'])]
  const missing: string[] = []
  for (const right of wanted) {
    if (!(await mayDo(connection, right))) missing.push(right)
  }
  return missing
}

async function mayDo(connection: ClickHouseConnection, right: string): Promise<boolean> {
  try {
    const [granted] = await connection.row<[number]>(`CHECK GRANT ${right} ON ${connection.place.database}.*`)
    return granted === 1
  } catch (error) {
    // Servers before 24.9 do not know the question.
    if (error instanceof GatezError) throw error
    return true
  }
}
