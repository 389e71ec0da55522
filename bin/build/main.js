import { binaryIsFresh, buildBinary } from './binary.js'
import { bundle } from './bundle.js'

const flags = new Set(process.argv.slice(2))
const known = ['--no-binary', '--if-stale', '--fail-points', '--release-early']
const unknown = [...flags].find((flag) => !known.includes(flag))

if (unknown !== undefined) {
  console.error(`build: unknown flag ${unknown}; known are ${known.join(', ')}`)
  process.exitCode = 2
} else if (flags.has('--if-stale') && binaryIsFresh()) {
  console.log('build: dist/gatez is up to date')
} else {
  try {
    const variant = ['fail-points', 'release-early'].find((name) => flags.has(`--${name}`)) ?? 'lib'
    console.log(await bundle(variant))
    if (variant === 'lib' && !flags.has('--no-binary')) console.log(await buildBinary())
  } catch (error) {
    console.error(`build: ${error.message}`)
    process.exitCode = 1
  }
}
