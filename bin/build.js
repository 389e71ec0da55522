// npm run build: the bundle in dist/lib, then the single binary dist/gatez. With --no-binary only the bundle.
import { runOnFittingNode } from './pinned-node.js'

await runOnFittingNode('bin/build/main.js')
