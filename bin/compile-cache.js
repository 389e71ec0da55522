// Plain JavaScript, like all that runs before the program.
import { existsSync, lstatSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

/** How many builds are kept: this one, and those of other installations or of late. */
const BUILDS_MAX = 3
const PREFIX = 'compiled-'

/**
 * Lets Node keep what it compiled of the program at `entry`, so that the next start need not compile it again.
 *
 * It is kept in a folder of this user's that nobody else may write to, for what is in there is run. Where there is no such
 * folder, or Node's own variables say something else, nothing is kept, and each start compiles anew.
 */
export function keepCompiled(entry, env = process.env) {
  if ('NODE_COMPILE_CACHE' in env || 'NODE_DISABLE_COMPILE_CACHE' in env) return
  try {
    const all = cacheFolder(env)
    const folder = join(all, PREFIX + Math.trunc(statSync(entry).mtimeMs).toString(36))
    if (!isOurs(all) || !isOurs(folder)) return
    enableCompileCache(folder)
    // For the threads: they go by the variable alone.
    env.NODE_COMPILE_CACHE = folder
    removeOld(all)
  } catch {
    // A home that cannot be written to: it works without.
  }
}

/** The folder that the single binary unpacks into, too (bin/build/unpack-sqlite.cjs). */
function cacheFolder({ GATEZ_CACHE_DIR, XDG_CACHE_HOME, LOCALAPPDATA }) {
  return GATEZ_CACHE_DIR || join(XDG_CACHE_HOME || LOCALAPPDATA || join(homedir(), '.cache'), 'gatez')
}

/** Makes a folder if there is none; whether it is this user's, and only this user may write to it. */
function isOurs(folder) {
  makeFolder(folder)
  if (process.platform === 'win32') return true
  const { uid, mode } = lstatSync(folder)
  return uid === process.getuid() && (mode & 0o022) === 0
}

// Not `recursive: true`: where a file system refuses with ENOENT, as /proc does, Node tries for ever.
function makeFolder(folder) {
  if (existsSync(folder)) return
  makeFolder(dirname(folder))
  mkdirSync(folder, { mode: 0o700 })
}

/** Takes out what builds before the last few have left. */
function removeOld(all) {
  const builds = readdirSync(all).filter((name) => name.startsWith(PREFIX))
  if (builds.length <= BUILDS_MAX) return
  const ages = builds.map((name) => ({ path: join(all, name), usedMs: lstatSync(join(all, name)).mtimeMs }))
  const old = ages.sort((one, other) => other.usedMs - one.usedMs).slice(BUILDS_MAX)
  for (const { path } of old) rmSync(path, { recursive: true, force: true })
}
