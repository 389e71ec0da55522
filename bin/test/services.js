import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { ROOT } from '../pinned-node.js'

const FOLDER = `${ROOT}test/support/services`

/**
 * Installs the engines that tests run against (test/support/services/package-lock.json), if not exactly these are
 * there; returns false when that fails. Not needed where the address of a server is given instead.
 */
export function ensureServices() {
  if (process.env.GATEZ_TEST_CLICKHOUSE_URL !== undefined || installed()) return true
  console.log('Installing the engines of the tests, some 550 MB: npm ci in test/support/services')
  const npm = spawnSync('npm', ['ci', '--ignore-scripts', '--no-fund', '--no-audit', '--loglevel=error'], {
    cwd: FOLDER,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  if (npm.status === 0) return true
  console.error('The engines of the tests could not be installed: see npm above.')
  return false
}

/** By content, not by age: a checkout makes files young that did not change. */
function installed() {
  const record = `${FOLDER}/node_modules/.package-lock.json`
  if (!existsSync(record)) return false
  const wanted = JSON.parse(readFileSync(`${FOLDER}/package-lock.json`, 'utf8')).packages
  const present = JSON.parse(readFileSync(record, 'utf8')).packages
  return Object.entries(wanted).every(([path, { version, optional }]) => {
    const here = present[path]
    return path === '' || (here === undefined ? optional === true : here.version === version)
  })
}
