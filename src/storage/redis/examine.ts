import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { RedisCountersConfig } from '../../config/counters-config.ts'
import { GatezError } from '../../errors/gatez-error.ts'
import type { Clock } from '../../lib/clock.ts'
import type { CounterServerFacts } from '../ports/counter-server-facts.ts'
import { RedisConnection } from './connection.ts'
import { RedisCounterStore } from './counters.ts'

/**
 * Looks at a Redis, and leaves nothing there but keys that expire in a second.
 *
 * Throws `store-unavailable` when it cannot be asked.
 */
export async function examineRedis(config: RedisCountersConfig, clock: Clock): Promise<CounterServerFacts> {
  const connection = new RedisConnection(config, 'gatez-doctor')
  try {
    await connected(connection, config)
    const { latencyMs, clockSkewMs } = await measure(connection, clock)
    const info = readInfo(String(await connection.send('INFO', [])))
    const [major = 0, minor = 0] = (info.redis_version ?? '').split('.').map(Number)
    const { missing, refusesWrites } = await tryCommands(connection)
    const isOpen = missing.length === 0 && refusesWrites === undefined
    return {
      ...{ place: placeOf(config), version: info.redis_version ?? '', release: [major, minor] },
      user: config.username === '' ? 'default' : config.username,
      ...{ missing, refusesWrites },
      evicts: info.maxmemory !== '0' && !/^(?:noeviction)?$/.test(info.maxmemory_policy ?? ''),
      usedBytes: Number(info.used_memory ?? 0),
      maxBytes: Number(info.maxmemory ?? 0),
      ...{ latencyMs, clockSkewMs, answerMsMax: config.answerMsMax },
      isEncrypted: config.tls,
      isLoopback: /^(?:127\.|localhost$|::1$)/.test(config.host),
      isTrusted: isOpen && (await stateOf(connection, clock)) === 'trusted',
    }
  } finally {
    await connection.close()
  }
}

/** What an operator knows it by: no part of it is secret. */
function placeOf({ tls, host, port, database }: RedisCountersConfig): string {
  const name = host.includes(':') ? `[${host}]` : host
  return `${tls ? 'rediss' : 'redis'}://${name}:${port}/${database}`
}

async function connected(connection: RedisConnection, config: RedisCountersConfig): Promise<void> {
  for (let waitedMs = 0; connection.run === undefined; waitedMs += LOOK_MS) {
    if (waitedMs >= CONNECT_MS_MAX) {
      throw new GatezError(
        'store-unavailable',
        `The counters in ${placeOf(config)} cannot be asked: ${inWords(connection.problem)}.`,
      )
    }
    await pause(LOOK_MS)
  }
}

/** The words of the network and of Redis, with what to look at. */
function inWords(problem = 'it does not answer as Redis does'): string {
  const [, say] = SAYINGS.find(([pattern]) => pattern.test(problem)) ?? []
  return say === undefined ? problem : `${say} (${problem.replace(/\.$/, '')})`
}

const SAYINGS: readonly (readonly [RegExp, string])[] = [
  [/ECONNREFUSED/, 'nothing listens there'],
  [/ENOTFOUND|EAI_AGAIN/, 'there is no such host'],
  [/ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/, 'there is no answer from that host'],
  [/writeable|Protocol error/i, 'it does not answer as Redis does'],
  [/^(?:WRONGPASS|NOAUTH|ERR invalid password)/, 'it does not let this user in with this password'],
]

const LOOK_MS = 10
const CONNECT_MS_MAX = 3_000
const TIMES = 9

/** The middle of some round trips, and the difference of the clocks in the quickest of them. */
async function measure(connection: RedisConnection, clock: Clock) {
  const trips: { readonly tookMs: number; readonly skewMs: number }[] = []
  for (let time = 0; time < TIMES; time += 1) {
    const [startMs, wallMs] = [clock.monotonicMs(), clock.nowMs()]
    const answer = await connection.send('TIME', [])
    const tookMs = clock.monotonicMs() - startMs
    const [seconds, micros] = Array.isArray(answer) ? answer.map(Number) : []
    const thereMs = (seconds ?? 0) * 1_000 + (micros ?? 0) / 1_000
    trips.push({ tookMs, skewMs: thereMs - (wallMs + tookMs / 2) })
  }
  trips.sort((one, other) => one.tookMs - other.tookMs)
  const skewMs = Math.round(trips[0]?.skewMs ?? 0)
  return {
    latencyMs: trips[Math.floor(TIMES / 2)]?.tookMs ?? 0,
    clockSkewMs: Math.abs(skewMs) < SKEW_MS_SEEN ? 0 : skewMs,
  }
}

/** Below it a difference says nothing: the answer takes as long. */
const SKEW_MS_SEEN = 5

/** Runs each command that gatez runs, on keys of its own. */
async function tryCommands(connection: RedisConnection) {
  const key = `${connection.prefix}gatez:{doctor}:${randomUUID()}`
  const missing: string[] = []
  for (const [command = '', ...args] of COMMANDS) {
    try {
      await connection.send(
        command,
        args.map((arg) => arg.replace('KEY', key)),
      )
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      if (message.startsWith('NOPERM')) missing.push(command)
      else if (/^(?:READONLY|OOM|MISCONF|NOREPLICAS|LOADING)/.test(message))
        return { missing, refusesWrites: message }
    }
  }
  return { missing, refusesWrites: undefined }
}

/** In an order in which each finds what the one before made; what is left expires. */
const COMMANDS: readonly (readonly string[])[] = [
  ['SET', 'KEY:s', '1', 'PX', '1000'],
  ['GET', 'KEY:s'],
  ['TYPE', 'KEY:s'],
  ['HSET', 'KEY:h', 'a', '1'],
  ['PEXPIRE', 'KEY:h', '1000'],
  ['HSETNX', 'KEY:h', 'b', '1'],
  ['HGET', 'KEY:h', 'a'],
  ['HKEYS', 'KEY:h'],
  ['PTTL', 'KEY:h'],
  ['HINCRBY', 'KEY:h', 'a', '1'],
  ['HDEL', 'KEY:h', 'b'],
  ['RPUSH', 'KEY:l', '1', '2'],
  ['PEXPIRE', 'KEY:l', '1000'],
  ['LLEN', 'KEY:l'],
  ['LINDEX', 'KEY:l', '0'],
  ['LRANGE', 'KEY:l', '0', '1'],
  ['LREM', 'KEY:l', '0', 'x'],
  ['LTRIM', 'KEY:l', '0', '0'],
  ['DEL', 'KEY:s'],
  ['UNLINK', 'KEY:h'],
  ['SCAN', '0', 'COUNT', '1'],
  ['EVAL', 'return 1', '1', 'KEY:s'],
  ['EVALSHA', '0'.repeat(40), '1', 'KEY:s'],
]

async function stateOf(connection: RedisConnection, clock: Clock) {
  const store = new RedisCounterStore({
    ...{ connection, holder: randomUUID(), answerMsMax: CONNECT_MS_MAX, trust: 'any', clock: 0 },
    nowMs: () => clock.nowMs(),
  })
  return store.check()
}

/** `name:value`, a line each. */
function readInfo(text: string): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries([...text.matchAll(/^(\w+):(.*?)\r?$/gm)].map(([, name, value]) => [name, value]))
}
