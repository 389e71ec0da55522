// Plain JavaScript for any Node from 18 on: it runs before the packages are there.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fittingNode, ROOT } from './pinned-node.js'

/**
 * Installs the packages of package-lock.json if node_modules does not hold exactly these.
 *
 * Says so before it does, and ends the program with npm's exit code if it fails. Returns the path of a
 * Node that fits.
 */
export function ensureInstalled() {
  if (!installed()) {
    console.log('Installing packages: npm ci')
    const npm = spawnSync('npm', ['ci', '--no-fund', '--no-audit', '--loglevel=error'], {
      cwd: ROOT,
      stdio: 'inherit',
      shell: process.platform === 'win32',
    })
    if (npm.error !== undefined) console.error(`npm could not be started: ${npm.error.message}`)
    if (npm.status !== 0) process.exit(npm.status ?? 1)
  }
  const node = fittingNode()
  if (node !== undefined) return node
  console.error('The pinned Node is missing (its install script did not run). Type: npm rebuild node')
  process.exit(1)
}

/** By content, not by age: a checkout makes files young that did not change. */
function installed() {
  const record = `${ROOT}node_modules/.package-lock.json`
  if (!existsSync(record)) return false
  const wanted = JSON.parse(readFileSync(`${ROOT}package-lock.json`, 'utf8')).packages
  const present = JSON.parse(readFileSync(record, 'utf8')).packages
  return Object.entries(wanted).every(([path, { version, optional }]) => {
    // Optional packages are those of other platforms; '' is gatez itself.
    const here = present[path]
    return path === '' || (here === undefined ? optional === true : here.version === version)
  })
}
