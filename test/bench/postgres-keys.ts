// What it takes to find keys that are not in memory: node test/bench/postgres-keys.ts [tenants] [keys in memory]
// A Postgres of its own on this machine (its fsync is off: nothing is written while it is measured) has so many
// tenants, each with a subscription and one key. Keys are asked for as a gateway thread does, 64 at a time.

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Authenticator } from '../../src/gateway/authenticate.ts'
import { Rules } from '../../src/gateway/rules.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { openControlStore, openGrantReader } from '../../src/storage/open.ts'
import { plan, storesIn } from '../support/control-store.ts'
import { Postgres } from '../support/services/postgres.ts'

const TENANTS = Number(process.argv[2] ?? 1_000_000)
const IN_MEMORY = Number(process.argv[3] ?? 10_000)
const AT_ONCE = 64
const SECONDS = 10

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')

async function measure(url: string): Promise<void> {
  const config = { stores: { ...storesIn('/nowhere').stores, control: { driver: 'postgres', url } } } as const
  {
    await using store = await openControlStore(config, systemClock)
    await store.transaction((tables) => tables.plans.insertVersion(plan(), 'free', 0, 0))
  }
  const beganMs = systemClock.monotonicMs()
  await postgres.run(FILL, url)
  say(`${count(TENANTS)} tenants with a key each: made in ${seconds(beganMs)} s`)
  const [size] = await postgres.run('select pg_database_size(current_database())::text as bytes', url)
  say(
    `a tenant with its key takes ${Math.round(Number(size?.bytes) / TENANTS)} bytes in Postgres, with indexes`,
  )
  const heapBefore = heap()
  const grants = openGrantReader(config, systemClock)
  const authenticator = new Authenticator((hash) => grants.grantByHash(hash), IN_MEMORY)
  await ask(authenticator, 'any key', () => Math.floor(Math.random() * TENANTS))
  await ask(authenticator, '95 of 100 calls by half as many keys as fit in memory', () => {
    const among = Math.random() < 0.95 ? IN_MEMORY / 2 : TENANTS
    return Math.floor(Math.random() * among)
  })
  say(`keys in memory take ${((heap() - heapBefore) / 1e6).toFixed(0)} MB`)
  grants.close()
}

/** So many callers, one key after the other. */
async function ask(authenticator: Authenticator, what: string, next: () => number): Promise<void> {
  const rules = new Rules({ apis: [], plans: [plan()], features: [], meters: [], ownPaths: NO_PATHS })
  const takes: number[] = []
  let [unknown, inMemory] = [0, 0]
  const endMs = systemClock.monotonicMs() + SECONDS * 1_000
  const caller = async (): Promise<void> => {
    while (systemClock.monotonicMs() < endMs) {
      const startMs = systemClock.monotonicMs()
      const found = authenticator.find(secretOf(next()), rules, 1)
      if (!(found instanceof Promise)) inMemory += 1
      if ((await found) === undefined) unknown += 1
      takes.push(systemClock.monotonicMs() - startMs)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, caller))
  takes.sort((one, other) => one - other)
  const at = (share: number) => (takes[Math.floor(takes.length * share)] ?? 0).toFixed(2)
  say(
    `${what}: ${count(Math.round(takes.length / SECONDS))} keys/s, ${((100 * inMemory) / takes.length).toFixed(0)} % from memory, ` +
      `half within ${at(0.5)} ms, 99 % within ${at(0.99)} ms, ${unknown} not found`,
  )
}

/** A key that came from elsewhere: it has no form but its length. */
function secretOf(number: number): string {
  return `bench-key-of-a-tenant-${String(number).padStart(9, '0')}`
}

const FILL = `
  insert into tenants (id, name, state, created_at_ms)
    select 't' || n, 'Tenant ' || n, 'active', 0 from generate_series(0, ${TENANTS - 1}) n;
  insert into subscriptions (id, tenant_id, plan_id, plan_version, start_ms)
    select 'sub_' || n, 't' || n, 'free', 1, 0 from generate_series(0, ${TENANTS - 1}) n;
  insert into keys (id, tenant_id, name, mode, state, hash, masked, requested_by, created_at_ms)
    select 'key_' || n, 't' || n, 'default', 'live', 'active',
      encode(sha256(convert_to('bench-key-of-a-tenant-' || lpad(n::text, 9, '0'), 'UTF8')), 'hex'), 'bench', 'bench', 0
    from generate_series(0, ${TENANTS - 1}) n;
  analyze tenants; analyze subscriptions; analyze keys`

const NO_PATHS = { health: null, usage: null, events: null }

/** Bytes, without what is garbage. */
function heap(): number {
  collect()
  return process.memoryUsage().heapUsed
}

function seconds(sinceMs: number): string {
  return ((systemClock.monotonicMs() - sinceMs) / 1_000).toFixed(0)
}

function count(number: number): string {
  return number.toLocaleString('en-US')
}

function say(line: string): void {
  console.log(line)
}

const postgres = await Postgres.start()
try {
  await measure(await postgres.database())
} finally {
  await postgres.stop()
}
