import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const BUILD = fileURLToPath(new URL('../../../bin/build.js', import.meta.url))

/** Whether nobody has to build: it was done by hand, or before in this process. */
let built = process.env.GATEZ_BENCH_BUILT === '1'

/** Builds the program, once for all that is measured in one run. */
export function buildOnce(): void {
  if (!built) execFileSync(process.execPath, [BUILD, '--no-binary'], { stdio: 'inherit' })
  built = true
}
