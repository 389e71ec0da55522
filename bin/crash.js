// npm run crash: kills gateways under load and compares what was billed with what clients received. See --help.
import { ensureInstalled } from './install.js'
import { become, ROOT } from './pinned-node.js'

const node = ensureInstalled()
become(node, [`${ROOT}test/crash/main.ts`, ...process.argv.slice(2)])
