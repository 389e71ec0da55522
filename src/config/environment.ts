import { GatezError } from '../errors/gatez-error.ts'
import { type Clock, shiftedClock, systemClock } from '../lib/clock.ts'
import { parseIsoTime } from '../lib/iso-time.ts'

/** The variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The variables of this process. The only place that reads them. */
export function processEnvironment(): Environment {
  return process.env
}

/**
 * Says that there is no shell where the environment names none: the command line would ask the system for the one
 * of this user, and fail where that knows no such user, as in many containers.
 */
export function settleShell(): void {
  process.env.SHELL ??= ''
}

/**
 * The clock to run by: the host's, or, for tests, one that GATEZ_CLOCK moves.
 *
 * GATEZ_CLOCK is an ISO time with its zone (`2026-03-01T00:00:00Z`: the clock starts there, now), or
 * an offset in milliseconds with its sign (`+3600000`).
 */
export function clockFromEnvironment(env: Environment): Clock {
  const written = env.GATEZ_CLOCK
  if (written === undefined || written === '') return systemClock
  if (/^[+-]\d{1,15}$/.test(written)) return shiftedClock(Number(written))

  const startMs = parseIsoTime(written)
  if (startMs === undefined) {
    const detail = `GATEZ_CLOCK is ${JSON.stringify(written)}: write 2026-03-01T00:00:00Z or an offset such as +3600000.`
    throw new GatezError('invalid-parameter', detail)
  }
  return shiftedClock(startMs - systemClock.nowMs())
}

/** Where the crash programme wants the process to die (src/lib/fail-point.ts); undefined outside of it. */
export function failPointFromEnvironment(env: Environment): string | undefined {
  return env.GATEZ_FAILPOINT || undefined
}

/** Whether errors show their inside: any DEBUG but an empty one. */
export function debugWanted(env: Environment): boolean {
  return (env.DEBUG ?? '') !== ''
}

/** The file that commands go by where none is named. */
export const CONFIG_FILE = 'gatez.yaml'

/**
 * The control API that commands are to work through: GATEZ_URL and GATEZ_TOKEN. undefined when none is named.
 *
 * Throws `local-only` for a file of another name than the usual one: who named it takes it for the one that counts, and what
 * counts there is the gateway's own.
 */
export function remoteFromEnvironment(env: Environment, configFile: string): RemoteControl | undefined {
  const { GATEZ_URL: url = '', GATEZ_TOKEN: token = '' } = env
  if (url === '') return undefined
  if (configFile !== CONFIG_FILE) {
    const detail = `--config is ${JSON.stringify(configFile)}, and GATEZ_URL is set: the gateway there goes by its own file. Leave out one of them.`
    throw new GatezError('local-only', detail)
  }
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) {
    const detail = `GATEZ_URL is ${JSON.stringify(url)}: write where control listens, as http://127.0.0.1:8081.`
    throw new GatezError('invalid-parameter', detail)
  }
  if (token === '') {
    const detail = 'GATEZ_TOKEN is empty: it is the secret of a token, as gatez tokens create prints it.'
    throw new GatezError('missing-token', detail)
  }
  return { url: parsed.origin, token }
}

/** Where a control API is, and the token that opens it. */
export interface RemoteControl {
  readonly url: string
  readonly token: string
}
