import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import react from '@vitejs/plugin-react'
import { build } from 'vite'
import { ROOT } from '../pinned-node.js'

/** Where the built pages lie, from ROOT: a folder a portal. */
export const WEB = 'dist/web'

/** The portals: the path each is served at, and the folder of its sources. */
export const PORTALS = { portal: 'src/portal/developer', operator: 'src/portal/operator' }

/** What stands in a built page where each answer has a nonce of its own. */
const NONCE = 'gatez-nonce'

// What pages are made of: the rest of src/ reaches them as types only.
const SOURCES = [
  'src/portal',
  'src/control',
  'src/errors',
  'src/lib',
  'src/model',
  'bin/build/web.js',
  'package-lock.json',
]

/** How Vite treats the pages of one portal, while they are built and while one works on them. */
export function webConfig(name) {
  return {
    configFile: false,
    root: ROOT + PORTALS[name],
    base: `/${name}/`,
    cacheDir: `${ROOT}node_modules/.vite`,
    publicDir: false,
    logLevel: 'warn',
    plugins: [react()],
    html: { cspNonce: NONCE },
    build: {
      outDir: `${ROOT}${WEB}-${process.pid}/${name}`,
      emptyOutDir: true,
      target: 'es2023',
      // Nothing may stand in the page itself or come as data: the rules of the page forbid it.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      chunkSizeWarningLimit: 2_000,
    },
  }
}

/** Builds the pages of both portals into dist/web, unless they are younger than what they are made from. */
export async function buildWeb() {
  const kept = freshPackages()
  if (kept !== undefined) return { line: `${WEB}: up to date`, packages: kept }
  // Whoever builds them, tests as well: pages of another kind would stay for the next release.
  process.env.NODE_ENV = 'production'
  const startMs = performance.now()
  const packages = new Set()
  for (const name of Object.keys(PORTALS)) {
    const { output } = await build(webConfig(name))
    for (const id of output.flatMap((file) => ('moduleIds' in file ? file.moduleIds : []))) {
      const [, folder] = /(node_modules\/(?:@[^/]+\/)?[^/]+)(?!.*node_modules\/)/.exec(id) ?? []
      if (folder !== undefined) packages.add(folder)
    }
  }
  const staging = `${ROOT}${WEB}-${process.pid}`
  writeFileSync(`${staging}/packages.json`, JSON.stringify([...packages].sort()))
  mkdirSync(`${ROOT}dist`, { recursive: true })
  rmSync(`${ROOT}${WEB}`, { recursive: true, force: true })
  renameSync(staging, `${ROOT}${WEB}`)
  const took = ((performance.now() - startMs) / 1000).toFixed(1)
  return { line: `${WEB}: pages of both portals, in ${took} s`, packages: [...packages] }
}

/** The packages in the pages as they lie there; undefined when they must be built. */
function freshPackages() {
  try {
    const file = `${ROOT}${WEB}/packages.json`
    const builtMs = statSync(file).mtimeMs
    if (SOURCES.some((source) => newestMs(ROOT + source) > builtMs)) return undefined
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}

function newestMs(path) {
  const stat = statSync(path)
  if (!stat.isDirectory()) return stat.mtimeMs
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((entry) => newestMs(`${path}/${entry}`)))
}
