// npm run build: the bundle in dist/lib, then the single binary dist/gatez. With --no-binary only the bundle.
// With --release-early the bundle in dist/release-early that the crash test must fail on.
import { runOnFittingNode } from './pinned-node.js'

await runOnFittingNode('bin/build/main.js')
