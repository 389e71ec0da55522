// The baseline: npm run bench [-- part [options of the part]], each part by itself or all, one after the other.

import { bodies } from './figures/bodies.ts'
import { keys } from './figures/keys.ts'
import { latency } from './figures/latency.ts'
import { peers } from './figures/peers.ts'
import { refusals } from './figures/refusals.ts'
import { report } from './figures/report.ts'
import { standing } from './figures/standing.ts'
import { threads } from './figures/threads.ts'
import { PARTS, type Part } from './lib/baseline.ts'

/** Each prints what it measured and keeps it in BASELINE.md. */
const MEASUREMENTS: Readonly<Record<Part, (args: readonly string[]) => Promise<void>>> = {
  peers,
  threads,
  latency,
  refusals,
  bodies,
  standing,
  keys,
  report,
}

const [name, ...args] = process.argv.slice(2)
const asked = PARTS.filter((part) => name === undefined || part === name)
if (asked.length === 0) {
  console.error(`bench: unknown part ${name}; known are ${PARTS.join(', ')}`)
  process.exit(2)
}
for (const part of asked) await MEASUREMENTS[part](args)
