import type { Config } from '../config/config.ts'
import { GatezError } from '../errors/gatez-error.ts'
import type { Clock } from '../lib/clock.ts'
import { examineCounterServer } from '../storage/open.ts'
import type { CounterServerFacts } from '../storage/ports/counter-server-facts.ts'
import { type Finding, failure, ok, warning } from './finding.ts'

const RELEASE_MIN = [6, 2] as const
const SKEW_MS_MAX = 1_000
/** Of what a call may wait for an answer, what a round trip may take. */
const LATENCY_SHARE_MAX = 0.2
const MEMORY_SHARE_MAX = 0.9

/** The server of the counters, if they are in one: version, way there, clock, rights, memory, trust. */
export async function checkCounterServer(
  config: Pick<Config, 'stores'>,
  clock: Clock,
): Promise<readonly Finding[]> {
  try {
    const facts = await examineCounterServer(config, clock)
    return facts === undefined ? [] : counterServerFindings(facts)
  } catch (error) {
    if (!(error instanceof GatezError)) throw error
    const fix =
      'Start it, or mend stores.counters. Until then each plan says what passes: on_store_failure. gatez usage degraded lists it.'
    return [failure('counters', error.message, fix)]
  }
}

/** What an operator should do about a server, if anything. */
export function counterServerFindings(facts: CounterServerFacts): readonly Finding[] {
  return [version(facts), way(facts), clocks(facts), rights(facts), memory(facts), trust(facts)]
}

function version({ version, release, place }: CounterServerFacts): Finding {
  const text = `Redis ${version} at ${place}`
  const [major, minor] = release
  if (major > RELEASE_MIN[0] || (major === RELEASE_MIN[0] && minor >= RELEASE_MIN[1])) {
    return ok('counters', text)
  }
  return failure('counters', `${text}; gatez needs ${RELEASE_MIN.join('.')} or newer`, 'Upgrade the server.')
}

function way({ latencyMs, answerMsMax, isEncrypted, isLoopback }: CounterServerFacts): Finding {
  const text = `a round trip takes ${latencyMs.toFixed(1)} ms, ${isEncrypted ? 'encrypted' : 'in plain text'}`
  if (!isEncrypted && !isLoopback) {
    return warning('counters latency', text, 'Write rediss:// in stores.counters: its password passes there.')
  }
  if (latencyMs <= answerMsMax * LATENCY_SHARE_MAX) return ok('counters latency', text)
  const slow = `${text}; a call waits for ${answerMsMax} ms at most`
  return warning('counters latency', slow, 'Bring gatez and Redis nearer to each other: every call asks it.')
}

function clocks({ clockSkewMs }: CounterServerFacts): Finding {
  const text =
    clockSkewMs === 0
      ? 'the same as here'
      : `${Math.abs(clockSkewMs)} ms ${clockSkewMs > 0 ? 'ahead of' : 'behind'} this machine`
  if (Math.abs(clockSkewMs) <= SKEW_MS_MAX) return ok('counters clock', text)
  const fix = 'Set both by NTP: windows go by the clock of Redis, periods of quotas too.'
  return warning('counters clock', text, fix)
}

function rights({ user, missing, refusesWrites }: CounterServerFacts): Finding {
  if (missing.length > 0) {
    const fix = 'Allow them on its keys: docs/redis.md has the line.'
    return failure('counters rights', `${user} may not run ${missing.join(', ')}`, fix)
  }
  if (refusesWrites === undefined) return ok('counters rights', `${user} may do what gatez needs`)
  const fix = 'Name the primary in stores.counters, or mend what it says.'
  return failure('counters rights', `it takes no writes: ${refusesWrites}`, fix)
}

function memory({ usedBytes, maxBytes, evicts }: CounterServerFacts): Finding {
  const used = `${(usedBytes / 1024 ** 2).toFixed(1)} MiB`
  const text = maxBytes === 0 ? used : `${used} of ${(maxBytes / 1024 ** 2).toFixed(1)} MiB`
  if (evicts) {
    const fix = 'Set maxmemory-policy noeviction: a counter that is thrown away lets calls through again.'
    return warning('counters memory', `${text}; it throws keys away when that is full`, fix)
  }
  if (maxBytes === 0 || usedBytes <= maxBytes * MEMORY_SHARE_MAX) return ok('counters memory', text)
  return warning('counters memory', text, 'Raise maxmemory: full, it takes no writes.')
}

function trust({ isTrusted }: CounterServerFacts): Finding {
  if (isTrusted) return ok('counters kept', 'what was counted can be relied on')
  return ok('counters kept', 'nothing was counted yet, or it was lost: gatez serve counts it again')
}
