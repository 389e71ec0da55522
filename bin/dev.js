#!/usr/bin/env node
// The program straight from its TypeScript sources, for work on gatez itself: nothing to build.
import { runOnFittingNode } from './pinned-node.js'

await runOnFittingNode('bin/build/dev.js')
