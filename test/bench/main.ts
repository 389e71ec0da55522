// The baseline: npm run bench [-- part[,part…] [rounds [seconds]]]; without a part, all.

import { bodies } from './figures/bodies.ts'
import { keys } from './figures/keys.ts'
import { latency } from './figures/latency.ts'
import { peers } from './figures/peers.ts'
import { refusals } from './figures/refusals.ts'
import { standing } from './figures/standing.ts'
import { threads } from './figures/threads.ts'
import { PARTS, type Part } from './lib/baseline.ts'
import { endOnSignals } from './lib/child.ts'

/** Each prints what it measured and keeps it in BASELINE.md. */
const MEASUREMENTS: Readonly<Record<Part, (args: readonly string[]) => Promise<void>>> = {
  peers,
  threads,
  latency,
  refusals,
  bodies,
  standing,
  keys,
}

const [names, ...args] = process.argv.slice(2)
const asked: readonly string[] = names?.split(',') ?? PARTS
for (const name of asked) {
  if (isPart(name)) continue
  console.error(`bench: unknown part ${name}; known are ${PARTS.join(', ')}`)
  process.exit(2)
}
endOnSignals()
for (const part of asked.filter(isPart)) await MEASUREMENTS[part](args)

function isPart(name: string): name is Part {
  return PARTS.some((part) => part === name)
}
