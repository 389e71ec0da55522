// Runs the command line given to the process: the entry of the bundle, of the binary and of bin/dev.js.
import { run } from '../src/cli/main.ts'

await run(process.argv.slice(2))
