// npm run bench: gatez against a bare proxy, in one run. Needs the packages and `wrk`.
import { spawnSync } from 'node:child_process'
import { ensureInstalled } from './install.js'
import { ROOT } from './pinned-node.js'

const node = ensureInstalled()
const { status } = spawnSync(node, [`${ROOT}test/bench/main.ts`, ...process.argv.slice(2)], {
  stdio: 'inherit',
})
process.exitCode = status ?? 1
