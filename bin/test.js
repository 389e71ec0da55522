// npm test: installs what is missing, builds, checks, and runs every test. See bin/test/main.js.
import { ensureInstalled } from './install.js'
import { become, ROOT } from './pinned-node.js'

const node = ensureInstalled()
become(node, [`${ROOT}bin/test/main.js`, ...process.argv.slice(2)])
