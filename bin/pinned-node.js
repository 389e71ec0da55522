// Plain JavaScript that old Nodes can parse: it runs before we know which Node runs it.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The folder of package.json, with a slash at its end. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** Whether gatez runs on this Node: ^24.15 || >=26, as `engines` in package.json says. */
export function nodeFits(version) {
  const [major, minor] = version.split('.').map(Number)
  return major >= 26 || (major === 24 && minor >= 15)
}

/** The Node to run gatez with: this one if it fits, else the one of the devDependency, else undefined. */
export function fittingNode() {
  if (nodeFits(process.versions.node)) return process.execPath
  const pinned = `${ROOT}node_modules/node/bin/node${process.platform === 'win32' ? '.exe' : ''}`
  return existsSync(pinned) ? pinned : undefined
}

/**
 * Imports `script` (a path from ROOT) under a Node that fits, behind what `before` does there.
 *
 * When the running Node is too old, the program starts again under the pinned one: signals go to the
 * child, its exit code or signal becomes ours. Without a pinned Node: one line, exit code 1.
 */
export async function runOnFittingNode(script, before = async () => {}) {
  const node = fittingNode()
  if (node === undefined) {
    console.error(`gatez needs Node.js 24.15 or later, or 26 or later; this is ${process.versions.node}.`)
    process.exit(1)
  }
  if (node !== process.execPath) become(node, process.argv.slice(1))
  else {
    await before()
    await import(new URL(`../${script}`, import.meta.url))
  }
}

/** Runs a program in our place: signals go to it, its exit code or its signal becomes ours. */
export function become(program, args) {
  const child = spawn(program, args, { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      // A terminal sends Ctrl-C to the child too, and a second one means "at once" to `serve`.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    })
  }
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}
