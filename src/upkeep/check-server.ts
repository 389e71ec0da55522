import type { Config } from '../config/config.ts'
import { GatezError } from '../errors/gatez-error.ts'
import type { Clock } from '../lib/clock.ts'
import { examineControlServer } from '../storage/open.ts'
import type { ServerFacts } from '../storage/ports/server-facts.ts'
import { type Finding, failure, ok, warning } from './finding.ts'

const VERSION_MIN = 140_000
/** A key that is not in memory is looked up while its call waits. */
const LATENCY_MS_SLOW = 20
const SKEW_MS_MAX = 1_000
/** What a node opens at most: its stores, its gateway threads, and who listens for changes. */
const CONNECTIONS_OF_NODE = 30

/** The server of the control store, if it is in one: version, way there, clock, rights. */
export async function checkServer(
  config: Pick<Config, 'stores'>,
  clock: Clock,
): Promise<readonly Finding[] | undefined> {
  try {
    const facts = await examineControlServer(config, clock)
    return facts && serverFindings(facts)
  } catch (error) {
    if (!(error instanceof GatezError)) throw error
    const fix =
      'Start it, or mend stores.control. Until then serve does not start; one that runs goes on with the keys it knows.'
    return [failure('control store', error.message, fix)]
  }
}

/** What an operator should do about a server, if anything. */
export function serverFindings(facts: ServerFacts): readonly Finding[] {
  return [version(facts), way(facts), clocks(facts), rights(facts), schema(facts)]
}

function version({ version, versionNumber, isStandby, commitsDurably }: ServerFacts): Finding {
  const text = `Postgres ${version}`
  if (versionNumber < VERSION_MIN) {
    return failure('control store', `${text}; gatez needs 14 or newer`, 'Upgrade the server.')
  }
  if (isStandby)
    return failure('control store', `${text}, a standby: it takes no writes`, 'Name the primary.')
  if (commitsDurably) return ok('control store', text)
  return warning(
    'control store',
    `${text}, which can lose what it has committed: fsync or synchronous_commit is off`,
    'Turn both on: the ledger is money.',
  )
}

function way({ latencyMs, isEncrypted, isLoopback, connectionsMax }: ServerFacts): Finding {
  const text = `a round trip takes ${latencyMs.toFixed(1)} ms, ${isEncrypted ? 'encrypted' : 'in plain text'}`
  if (!isEncrypted && !isLoopback) {
    const fix = 'Add ?sslmode=verify-full to stores.control: passwords and customers’ data pass there.'
    return warning('control latency', text, fix)
  }
  if (connectionsMax < CONNECTIONS_OF_NODE) {
    const few = `${text}; at most ${connectionsMax} connections`
    return warning('control latency', few, `Raise max_connections: a node may open ${CONNECTIONS_OF_NODE}.`)
  }
  if (latencyMs <= LATENCY_MS_SLOW) return ok('control latency', text)
  return warning('control latency', text, 'Bring gatez and the server nearer to each other.')
}

function clocks({ clockSkewMs }: ServerFacts): Finding {
  const text =
    clockSkewMs === 0
      ? 'the same as here'
      : `${Math.abs(clockSkewMs)} ms ${clockSkewMs > 0 ? 'ahead of' : 'behind'} this machine`
  if (Math.abs(clockSkewMs) <= SKEW_MS_MAX) return ok('control clock', text)
  const fix = 'Set both by NTP: periods and windows of nodes whose clocks differ do not meet.'
  return warning('control clock', text, fix)
}

function rights({ user, isSuperuser, missing, excess, schema, mayCreate }: ServerFacts): Finding {
  if (missing.length > 0) {
    const named = `${missing.slice(0, 3).join(', ')}${missing.length > 3 ? ' …' : ''}`
    return failure('control rights', `${user} lacks ${named}`, 'Grant the roles of docs/postgres.md.')
  }
  if (schema === 0 && !mayCreate) {
    const fix = 'Run gatez db migrate as a user who may, once.'
    return failure('control rights', `${user} may not make tables, and there are none yet`, fix)
  }
  if (isSuperuser) {
    const fix =
      'Make the roles of docs/postgres.md and use gatez_app: no wall of the database holds a superuser.'
    return warning('control rights', `${user} is a superuser`, fix)
  }
  if (excess.length > 0) {
    const fix = 'Run postgres-roles.sql again, as after every gatez db migrate.'
    return warning('control rights', `${user} may remove rows of ${excess.join(', ')}`, fix)
  }
  return ok('control rights', `${user} may do what gatez needs`)
}

function schema({ schema, schemaKnown, mayCreate }: ServerFacts): Finding {
  if (schema === schemaKnown) return ok('control schema', `version ${schema}`)
  if (schema > schemaKnown) {
    const text = `version ${schema}, this gatez knows ${schemaKnown}`
    return failure('control schema', text, 'Use the newer gatez that made it.')
  }
  const text = `version ${schema} of ${schemaKnown}`
  return mayCreate
    ? ok('control schema', `${text}; the next command that writes brings it up to date`)
    : failure('control schema', text, 'Run gatez db migrate as a user who may make tables.')
}
