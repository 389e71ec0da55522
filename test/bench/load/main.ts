// How the gateway bears load that is not meant well: npm run bench -- load [name] [options of the name]
import { endOnSignals } from '../lib/child.ts'
import { bulk } from './bulk.ts'
import { control } from './control.ts'
import { dashboard } from './dashboard.ts'
import { isolation } from './isolation.ts'
import { memory } from './memory.ts'
import { slowClients } from './slow-clients.ts'
import { soak } from './soak.ts'
import { streams } from './streams.ts'

/** Each prints a table and returns whether its bars were met. */
const MEASUREMENTS: Readonly<Record<string, (args: readonly string[]) => Promise<boolean>>> = {
  'slow-clients': slowClients,
  isolation,
  bulk,
  control,
  memory,
  streams,
  soak,
  dashboard,
}

const [name, ...args] = process.argv.slice(2)
const names = name === undefined ? Object.keys(MEASUREMENTS) : [name]

endOnSignals()
for (const each of names) {
  const measure = MEASUREMENTS[each]
  if (measure === undefined) {
    console.error(`load: unknown measurement ${each}; known are ${Object.keys(MEASUREMENTS).join(', ')}`)
    process.exit(2)
  }
  console.log(`\n# ${each}`)
  if (!(await measure(args))) process.exitCode = 1
}
