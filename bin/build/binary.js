import { execFileSync } from 'node:child_process'
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
import { digestFile } from './digest.js'

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
  // What goes beside it in a release: `sha256sum --check gatez.sha256`, and what it is made of.
  const hash = digestFile(BINARY)
  writeFileSync(`${BINARY}.sha256`, `${hash}  gatez\n`)
  cpSync(`${ROOT}dist/lib/gatez.cdx.json`, `${BINARY}.cdx.json`)
  const size = (statSync(BINARY).size / 1e6).toFixed(1)
  return `dist/gatez: ${size} MB, in ${seconds(startMs)}, with gatez.sha256 and gatez.cdx.json\nsha256 ${hash}`
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
  const { CompressType } = require('@yao-pkg/pkg/lib-es5/compress_type.js')
  log.info = () => {}
  const warn = log.warn.bind(log)
  log.warn = (text, lines = []) => {
    if (!NOT_NEEDED.test(`${text}\n${[lines].flat().join('\n')}`)) warn(text, lines)
  }
  const platform = { darwin: 'macos', win32: 'win' }[process.platform] ?? process.platform
  const nodeRange = `node${process.versions.node.split('.')[0]}`
  await seaEnhanced(`${folder}/${manifest.bin}`, {
    nodePath,
    signature: process.platform === 'darwin',
    // Costs a few milliseconds at a start, and saves some ten megabytes.
    doCompress: CompressType.Zstd,
    targets: [{ nodeRange, platform, arch: process.arch, output }],
    marker: { config: manifest, base: folder, configPath: `${folder}/package.json`, toplevel: true },
    params: { seaMode: true },
  })
}

// What packages look for and do without: React's tools for developers, the colours of PDF/A, a package.json of oclif.
const NOT_NEEDED = /react-devtools-core|sRGB_IEC61966|\/dist\/package\.json/

function newestMs(path) {
  const stat = statSync(path)
  if (!stat.isDirectory()) return stat.mtimeMs
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((entry) => newestMs(`${path}/${entry}`)))
}
