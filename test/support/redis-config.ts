import { parseCountersUrl, type RedisCountersConfig } from '../../src/config/counters-config.ts'

/** What `stores.counters` says with this URL of a Redis. */
export function redisConfig(url: string): RedisCountersConfig {
  const parsed = parseCountersUrl(url)
  if ('problem' in parsed || parsed.value.driver !== 'redis') throw new Error(`no URL of Redis: ${url}`)
  return parsed.value
}
