import { bundle } from '../build/bundle.js'
import { become, ROOT } from '../pinned-node.js'

console.log(`${await bundle()}\n`)
const asked = process.argv.slice(2)
// Where no one can press Ctrl-C, it ends by itself.
const alone = process.env.CI !== undefined && !process.stdout.isTTY && !asked.includes('--once')
become(process.execPath, [`${ROOT}bin/gatez.js`, 'demo', ...asked, ...(alone ? ['--once'] : [])])
