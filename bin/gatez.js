#!/usr/bin/env node
// The installed program. Checks the Node version before it imports anything: an old Node does not
// refuse better-sqlite3, it crashes in it.
import { existsSync } from 'node:fs'
import { ROOT, runOnFittingNode } from './pinned-node.js'

const PROGRAM = 'dist/lib/gatez.js'

if (existsSync(ROOT + PROGRAM)) {
  await runOnFittingNode(PROGRAM, async () => {
    const { keepCompiled } = await import('./compile-cache.js')
    keepCompiled(ROOT + PROGRAM)
  })
} else {
  console.error('gatez is not built yet. In a clone, type: npm run build')
  process.exit(1)
}
