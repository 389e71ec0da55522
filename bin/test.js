// npm test: installs what is missing, builds, checks, and runs every test. See bin/test/main.js.
import { spawnSync } from 'node:child_process'
import { ensureInstalled } from './install.js'
import { ROOT } from './pinned-node.js'

const node = ensureInstalled()
const { status } = spawnSync(node, [`${ROOT}bin/test/main.js`, ...process.argv.slice(2)], {
  stdio: 'inherit',
})
process.exitCode = status ?? 1
