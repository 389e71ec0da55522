import { createHash } from 'node:crypto'
import type { RedisConnection } from './connection.ts'
import { ScriptCall } from './script-call.ts'

/** Where is written which run of the server its counts belong to, and since when they do not count. */
export function trustKey(prefix: string): string {
  return `${prefix}gatez:{counters}`
}

/** Says that since `agoMs` ago a node has decided on its own, and counts that itself. */
export async function lowerCut(connection: RedisConnection, agoMs: number): Promise<void> {
  const args = [connection.run ?? '', String(Math.round(agoMs))]
  await runScript(connection, LOWER_CUT, [trustKey(connection.prefix)], args)
}

/** How long ago counts were lost, or the first node began to decide on its own. */
export async function cutAgoMs(connection: RedisConnection): Promise<number> {
  return Number(await runScript(connection, CUT_AGO, [trustKey(connection.prefix)], [connection.run ?? '']))
}

/** Runs a small script of our own. */
export function runScript(
  connection: RedisConnection,
  script: string,
  keys: readonly string[],
  args: readonly string[],
): Promise<unknown> {
  const call = new ScriptCall().addKeys(keys).addWords(args)
  return connection.script(script, createHash('sha1').update(script).digest('hex'), call)
}

const NOW = `local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
`

// By the run of the server, for an older one may have been saved.
const LOWER_CUT = `${NOW}
local field = 'cut:' .. ARGV[1]
local cut, since = tonumber(redis.call('HGET', KEYS[1], field) or nil), now - tonumber(ARGV[2])
if cut and since < cut then redis.call('HSET', KEYS[1], field, string.format('%.0f', since)) end
`

const CUT_AGO = `${NOW}
return now - tonumber(redis.call('HGET', KEYS[1], 'cut:' .. ARGV[1]) or now)
`
