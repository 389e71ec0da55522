import { parseCountersUrl } from '../../../src/config/counters-config.ts'
import { RedisConnection } from '../../../src/storage/redis/connection.ts'
import { RedisCounterStore } from '../../../src/storage/redis/counters.ts'
import { counterStoreContract } from '../../contract/counter-store.ts'
import { startRedis } from '../../support/services/redis.ts'

const redis = await startRedis()

counterStoreContract({
  name: 'Redis',
  open: async () => {
    await redis.command('FLUSHALL')
    const parsed = parseCountersUrl(redis.url)
    if (!('value' in parsed) || parsed.value.driver !== 'redis') throw new Error('a URL of Redis')
    const connection = new RedisConnection(parsed.value, 'test')
    await connection.connected(5_000)
    return new RedisCounterStore({
      connection,
      holder: 'test',
      answerMsMax: 5_000,
      trust: 'any',
      clock: 'caller',
      nowMs: () => 0,
    })
  },
})
