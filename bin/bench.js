// npm run bench: gatez against a bare proxy, in one run. Needs `wrk`.
import { ensureInstalled } from './install.js'
import { become, ROOT } from './pinned-node.js'

const node = ensureInstalled()
become(node, [`${ROOT}test/bench/main.ts`, ...process.argv.slice(2)])
