// npm run bench: gatez against a bare proxy, in one run. Needs `wrk`.
// npm run bench -- year: a year of invoices for 10,000 tenants (test/bench/year.ts).
// npm run bench -- load [name]: what it does under load that is not meant well (test/bench/load).
import { ensureInstalled } from './install.js'
import { become, ROOT } from './pinned-node.js'

const node = ensureInstalled()
const [first, ...rest] = process.argv.slice(2)
if (first === 'load') become(node, [`${ROOT}test/bench/load/main.ts`, ...rest])
else if (first === 'year') become(node, [`${ROOT}test/bench/year.ts`, ...rest])
else become(node, [`${ROOT}test/bench/main.ts`, ...process.argv.slice(2)])
