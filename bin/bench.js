// npm run bench [-- part]: the baseline, all of it or a part (test/bench/main.ts). Needs `wrk`, nginx, Redis.
// npm run bench -- year: a year of invoices for 10,000 tenants (test/bench/year.ts).
// npm run bench -- redis [rounds] [seconds]: counters in Redis against those in memory, and against nginx + Lua + Redis.
// npm run bench -- usage-log [events] [folder] [seconds]: reports, exports, shipping and bytes, in ClickHouse and SQLite.
// npm run bench -- postgres-keys [tenants]: keys of a million tenants in Postgres that are not in memory.
// npm run bench -- away [seconds]: calls go on while ClickHouse is away, and its log catches up.
// npm run bench -- ship [events]: from the spool into the ledger and the usage log.
// npm run bench -- load [name]: what it does under load that is not meant well (test/bench/load).
import { ensureInstalled } from './install.js'
import { become, ROOT } from './pinned-node.js'

const node = ensureInstalled()
const [first, ...rest] = process.argv.slice(2)
/** What is measured by itself, each a program in test/bench. */
const ALONE = {
  load: 'load/main.ts',
  year: 'year.ts',
  'usage-log': 'usage-log.ts',
  'postgres-keys': 'postgres-keys.ts',
  ship: 'ship.ts',
  away: 'away.ts',
  redis: 'redis.ts',
}
const alone = ALONE[first]
if (alone === undefined) become(node, [`${ROOT}test/bench/main.ts`, ...process.argv.slice(2)])
else become(node, [`${ROOT}test/bench/${alone}`, ...rest])
