import type { Config } from '../config/config.ts'
import { GatezError } from '../errors/gatez-error.ts'
import type { Clock } from '../lib/clock.ts'
import { examineUsageServer } from '../storage/open.ts'
import type { UsageServerFacts } from '../storage/ports/usage-server-facts.ts'
import { type Finding, failure, ok, warning } from './finding.ts'

/** Tables with parts of what gatez uses are older, but nobody tried them. */
const RELEASE_MIN = [24, 8] as const
const LATENCY_MS_SLOW = 100
const SKEW_MS_MAX = 1_000
/** Some days of a busy gateway. */
const FREE_BYTES_FEW = 5 * 1024 ** 3

/** The server of the usage log, if it is in one: version, way there, clock, rights, room, schema. */
export async function checkUsageServer(
  config: Pick<Config, 'stores'>,
  clock: Clock,
): Promise<readonly Finding[]> {
  try {
    const facts = await examineUsageServer(config, clock)
    return facts === undefined ? [] : usageServerFindings(facts)
  } catch (error) {
    if (!(error instanceof GatezError)) throw error
    const fix =
      'Start it, or mend stores.usage. Calls go on and wait in the spool; why and usage tail, and a start of serve, need it.'
    return [failure('usage log', error.message, fix)]
  }
}

/** What an operator should do about a server, if anything. */
export function usageServerFindings(facts: UsageServerFacts): readonly Finding[] {
  return [version(facts), way(facts), clocks(facts), rights(facts), room(facts), schema(facts)]
}

function version({ version, release }: UsageServerFacts): Finding {
  const text = `ClickHouse ${version}`
  const [major, minor] = release
  if (major > RELEASE_MIN[0] || (major === RELEASE_MIN[0] && minor >= RELEASE_MIN[1])) {
    return ok('usage log', text)
  }
  return failure('usage log', `${text}; gatez needs ${RELEASE_MIN.join('.')} or newer`, 'Upgrade the server.')
}

function way({ latencyMs, isEncrypted, isLoopback }: UsageServerFacts): Finding {
  const text = `a round trip takes ${latencyMs.toFixed(1)} ms, ${isEncrypted ? 'encrypted' : 'in plain text'}`
  if (!isEncrypted && !isLoopback) {
    const fix = 'Write clickhouse+https:// in stores.usage: the password and customers’ data pass there.'
    return warning('usage log latency', text, fix)
  }
  if (latencyMs <= LATENCY_MS_SLOW) return ok('usage log latency', text)
  return warning('usage log latency', text, 'Bring gatez and the server nearer to each other.')
}

function clocks({ clockSkewMs }: UsageServerFacts): Finding {
  const text =
    clockSkewMs === 0
      ? 'the same as here'
      : `${Math.abs(clockSkewMs)} ms ${clockSkewMs > 0 ? 'ahead of' : 'behind'} this machine`
  if (Math.abs(clockSkewMs) <= SKEW_MS_MAX) return ok('usage log clock', text)
  return warning('usage log clock', text, 'Set both by NTP: the server drops old months by its own clock.')
}

function rights({ user, missing }: UsageServerFacts): Finding {
  if (missing.length === 0) return ok('usage log rights', `${user} may do what gatez needs`)
  const fix = 'Grant them on the database: docs/clickhouse.md has the statement.'
  return failure('usage log rights', `${user} lacks ${missing.join(', ')}`, fix)
}

function room({ freeBytes }: UsageServerFacts): Finding {
  const text = `${(freeBytes / 1024 ** 3).toFixed(1)} GiB free`
  if (freeBytes >= FREE_BYTES_FEW) return ok('usage log disk', text)
  return warning('usage log disk', text, 'Make room, or lower metering.retention_days.')
}

function schema({ schema, schemaKnown }: UsageServerFacts): Finding {
  if (schema === schemaKnown) return ok('usage log schema', `version ${schema}`)
  if (schema > schemaKnown) {
    const text = `version ${schema}, this gatez knows ${schemaKnown}`
    return failure('usage log schema', text, 'Use the newer gatez that made it.')
  }
  return ok('usage log schema', `version ${schema} of ${schemaKnown}; the next call brings it up to date`)
}
