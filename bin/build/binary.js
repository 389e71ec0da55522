import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { ROOT } from '../pinned-node.js'
import { seconds } from './bundle.js'

const require = createRequire(import.meta.url)
const BINARY = `${ROOT}dist/gatez`
const SOURCES = ['bin', 'commands', 'src', 'templates', 'package.json', 'package-lock.json']

/**
 * Packs the bundle, the templates, the SQLite engine and a Node without symbols into the file dist/gatez.
 *
 * The Node is the one that runs this, so nothing is downloaded. Returns lines to print.
 */
export async function buildBinary() {
  const startMs = performance.now()
  // The name of this folder is what paths inside the binary start with: /snapshot/gatez.
  const temporary = mkdtempSync(`${tmpdir()}/gatez-build-`)
  try {
    const manifest = stage(`${temporary}/gatez`)
    await pack(`${temporary}/gatez`, manifest, stripped(`${temporary}/node`), `${temporary}/out`)
    cpSync(`${temporary}/out`, `${BINARY}-${process.pid}`)
    renameSync(`${BINARY}-${process.pid}`, BINARY)
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
  const content = readFileSync(BINARY)
  const hash = createHash('sha256').update(content).digest('hex')
  return `dist/gatez: ${(content.length / 1e6).toFixed(0)} MB, in ${seconds(startMs)}\nsha256 ${hash}`
}

/** Whether dist/gatez is younger than everything it is made from. */
export function binaryIsFresh() {
  try {
    const builtMs = statSync(BINARY).mtimeMs
    return SOURCES.every((source) => newestMs(`${ROOT}${source}`) <= builtMs)
  } catch {
    return false
  }
}

/** Lays out what the binary carries. No `dependencies` in its package.json: pkg would follow them. */
function stage(folder) {
  const { version } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'))
  const sqlite = 'node_modules/better-sqlite3'
  cpSync(`${ROOT}dist/lib`, `${folder}/dist/lib`, { recursive: true })
  cpSync(`${ROOT}templates`, `${folder}/templates`, { recursive: true })
  cpSync(`${ROOT}${sqlite}/package.json`, `${folder}/${sqlite}/package.json`)
  for (const file of ['index.js', 'database.js', 'sqlite-error.js', 'util.js', 'methods']) {
    cpSync(`${ROOT}${sqlite}/lib/${file}`, `${folder}/${sqlite}/lib/${file}`, { recursive: true })
  }
  cpSync(`${ROOT}bin/build/unpack-sqlite.cjs`, `${folder}/${sqlite}/lib/binding.js`)
  cpSync(enginePath(), `${folder}/${sqlite}/prebuilds/engine.bin`)

  const manifest = {
    name: 'gatez',
    version,
    type: 'module',
    bin: 'dist/lib/gatez.js',
    pkg: { assets: ['package.json', 'dist/lib/**', 'templates/**', 'templates/**/.*', `${sqlite}/**`] },
  }
  writeFileSync(`${folder}/package.json`, JSON.stringify(manifest))
  return manifest
}

/** The compiled SQLite for this machine, as better-sqlite3 itself would choose it. */
function enginePath() {
  return require(`${ROOT}node_modules/better-sqlite3/lib/binding.js`).getPrebuildPath()
}

function stripped(target) {
  cpSync(process.execPath, target)
  try {
    execFileSync('strip', [target], { stdio: 'ignore' })
  } catch {
    console.log('build: no `strip` here (Debian: binutils); the binary keeps its symbols, about 12 MB')
  }
  return target
}

async function pack(folder, manifest, nodePath, output) {
  const { seaEnhanced } = require('@yao-pkg/pkg/lib-es5/sea.js')
  const { log } = require('@yao-pkg/pkg/lib-es5/log.js')
  log.info = () => {}
  const platform = { darwin: 'macos', win32: 'win' }[process.platform] ?? process.platform
  const nodeRange = `node${process.versions.node.split('.')[0]}`
  await seaEnhanced(`${folder}/${manifest.bin}`, {
    nodePath,
    signature: process.platform === 'darwin',
    targets: [{ nodeRange, platform, arch: process.arch, output }],
    marker: { config: manifest, base: folder, configPath: `${folder}/package.json`, toplevel: true },
    params: { seaMode: true },
  })
}

function newestMs(path) {
  const stat = statSync(path)
  if (!stat.isDirectory()) return stat.mtimeMs
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((entry) => newestMs(`${path}/${entry}`)))
}
