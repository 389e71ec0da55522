// npm start: installs what is missing, then shows the whole way in a fresh folder. See bin/quickstart/main.js.
import { ensureInstalled } from './install.js'
import { become, ROOT } from './pinned-node.js'

const node = ensureInstalled()
become(node, [`${ROOT}bin/quickstart/main.js`, ...process.argv.slice(2)])
