'use strict'
// Inside the single binary this file takes the place of better-sqlite3/lib/binding.js.
//
// The operating system loads a library from a real file only, so the engine is written out once, under
// a name that carries its hash. All threads load the very same file: two copies of SQLite in one
// process would drop each other's locks on a database.
const { createHash, randomBytes } = require('node:crypto')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

let addon

exports.getBinding = () => {
  addon ??= load()
  return addon
}

function load() {
  const content = fs.readFileSync(path.join(__dirname, '..', 'prebuilds', 'engine.bin'))
  const name = `sqlite-${createHash('sha256').update(content).digest('hex').slice(0, 32)}.node`
  const refusals = []
  for (const folder of folders()) {
    try {
      const loaded = { exports: {} }
      process.dlopen(loaded, unpacked(folder, name, content))
      return loaded.exports
    } catch (error) {
      refusals.push(`${folder} (${error.code ?? error.message})`)
    }
  }
  const problem = new Error(
    'The SQLite engine must be unpacked into a folder that is yours alone and may hold programs. ' +
      `Name one in GATEZ_CACHE_DIR. Tried ${refusals.join('; ')}.`,
  )
  // src/storage/sql/sqlite-problem.ts tells it by this code.
  problem.code = 'GATEZ_ENGINE_NOT_UNPACKED'
  throw problem
}

/** Where the engine may go, best first: a cache outlives a restart of the machine, /tmp does not. */
function folders() {
  const { GATEZ_CACHE_DIR, XDG_CACHE_HOME, LOCALAPPDATA } = process.env
  if (GATEZ_CACHE_DIR) return [GATEZ_CACHE_DIR]
  // Not `userInfo` where there is a number: in a container the system may know no name for it.
  const user = process.getuid?.() ?? os.userInfo().username
  const home = XDG_CACHE_HOME || LOCALAPPDATA || path.join(os.homedir(), '.cache')
  return [path.join(home, 'gatez'), path.join(os.tmpdir(), `gatez-${user}`)]
}

function unpacked(folder, name, content) {
  makeFolder(folder)
  refuseForeign(folder)
  const file = path.join(folder, name)
  if (!holds(file, content)) {
    // Written aside and renamed: another gatez that starts now must never map half a file.
    const draft = `${file}.${randomBytes(6).toString('hex')}`
    fs.writeFileSync(draft, content, { mode: 0o600, flag: 'wx' })
    fs.renameSync(draft, file)
  }
  return file
}

// Not `recursive: true`: where a file system refuses with ENOENT, as /proc does, Node tries for ever.
function makeFolder(folder) {
  if (fs.existsSync(folder)) return
  makeFolder(path.dirname(folder))
  try {
    fs.mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    // Another process may have made it meanwhile.
    if (!fs.existsSync(folder)) throw error
  }
}

/** Code from a folder that others may write to could be theirs. */
function refuseForeign(folder) {
  if (process.platform === 'win32') return
  const stat = fs.lstatSync(folder)
  const ours = stat.isDirectory() && stat.uid === process.getuid() && (stat.mode & 0o022) === 0
  if (!ours) throw new Error('others may write to it')
}

function holds(file, content) {
  try {
    return fs.readFileSync(file).equals(content)
  } catch {
    return false
  }
}
