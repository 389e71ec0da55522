import { createHash } from 'node:crypto'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import { systemClock } from '../../../src/lib/clock.ts'
import { below, keep, tableOf, told } from '../lib/baseline.ts'
import { writeLuaScript } from '../lib/load.ts'
import { GATEWAY_CPU } from '../lib/places.ts'
import { rssBytes } from '../lib/process-figures.ts'
import { requirePrograms } from '../lib/programs.ts'
import { gatezCommand, Peer, Stage } from '../lib/stage.ts'

const KEYS = 1_000_000
const SETTLE_MS = 5_000
const WARM_UP_SECONDS = 10

/** What a million keys in the store cost a gateway: at rest, and while 100,000 of them call. `[seconds]` */
export async function keys([seconds = '20']: readonly string[]): Promise<void> {
  requirePrograms({ wrk: 'wrk', nginx: 'nginx-light', taskset: 'util-linux' })
  await using stage = await Stage.set()
  const few = await startIdle(stage, 'few', 19_302, () => {})
  const many = await startIdle(stage, 'many', 19_303, fill)
  const script = join(stage.dir, 'load.lua')
  const all = Array.from({ length: KEYS / 10 }, (_, number) => secretOf(number * 10))
  const asked: number[] = []
  for (const { peer, secrets } of [
    { peer: few.peer, secrets: stage.seed.keys },
    { peer: many.peer, secrets: all },
  ]) {
    writeLuaScript(script, secrets)
    await peer.warmUp({ script, seconds: WARM_UP_SECONDS })
    console.log(`${peer.name}: ${Math.round(await peer.load({ script, seconds: Number(seconds) }))} calls/s`)
    await pause(SETTLE_MS)
    asked.push(rssBytes(peer.program.pid) / 1e6)
  }
  const [fewMb = 0, manyMb = 0] = asked
  keep(
    'keys',
    `${KEYS.toLocaleString('en-US')} keys against ${stage.seed.keys.length.toLocaleString('en-US')}`,
    tableOf([
      below('RSS idle with 1 M keys in the store, on top', many.idleMb - few.idleMb, {
        must: 100,
        unit: ' MB',
      }),
      told('RSS idle: few keys · 1 M', `${few.idleMb.toFixed(0)} · ${many.idleMb.toFixed(0)} MB`),
      told(
        `RSS after ${seconds} s of load by 3,000 keys · by 100,000 of 1 M`,
        `${fewMb.toFixed(0)} · ${manyMb.toFixed(0)} MB`,
      ),
    ]),
  )
}

async function startIdle(stage: Stage, name: string, port: number, prepare: (dir: string) => void) {
  const { file } = stage.copy(name, { durability: 'disk', port })
  prepare(dirname(file))
  const peer = new Peer(name, port, await stage.start(GATEWAY_CPU, port, gatezCommand(file)))
  await pause(SETTLE_MS)
  return { peer, idleMb: rssBytes(peer.program.pid) / 1e6 }
}

/**
 * Ten keys for each of 100,000 tenants, past the use cases: they would take an hour. Their first periods begin now: those
 * that are over would be work for the billing desk.
 */
function fill(dir: string): void {
  const db = new DatabaseSync(join(dir, '.gatez/gatez.db'))
  db.function('secret_hash', { deterministic: true }, (number) =>
    createHash('sha256')
      .update(secretOf(Number(number)))
      .digest('hex'),
  )
  db.exec(`begin;
    create temporary table numbers as with recursive n(n) as (select 0 union all select n + 1 from n where n < ${KEYS - 1}) select n from n;
    insert into tenants (id, name, state, created_at_ms)
      select 'many-' || n, 'Tenant ' || n, 'active', 0 from numbers where n < ${KEYS / 10};
    insert into subscriptions (id, tenant_id, plan_id, plan_version, start_ms)
      select 'sub_many' || n, 'many-' || n, 'bench', 1, ${systemClock.nowMs()} from numbers where n < ${KEYS / 10};
    insert into keys (id, tenant_id, name, mode, state, hash, masked, requested_by, created_at_ms)
      select 'key_many' || n, 'many-' || (n / 10), 'default', 'live', 'active', secret_hash(n), 'bench', 'bench', 0 from numbers;
    commit`)
  db.close()
}

/** A key that came from elsewhere: it has no form but its length. */
function secretOf(number: number): string {
  return `bench-key-of-a-tenant-${String(number).padStart(9, '0')}`
}
