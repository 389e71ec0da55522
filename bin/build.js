// npm run build: the bundle in dist/lib, then the single binary dist/gatez. With --no-binary only the bundle.
// With --fail-points the bundle in dist/fail-points that dies where it is told to, with --release-early the one in
// dist/release-early that the crash programme must fail on, too: test/crash runs them, and no one ships them.
import { runOnFittingNode } from './pinned-node.js'

await runOnFittingNode('bin/build/main.js')
