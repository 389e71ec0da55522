// npm run web: the pages of the portals, made anew at every change, in front of a running `gatez serve`.
// npm run web -- build: into dist/web, as npm run build does.
// npm run web -- http://127.0.0.1:8081: where control listens, if it is not there.
import { runOnFittingNode } from './pinned-node.js'

await runOnFittingNode('bin/web/main.js')
