import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { build } from 'esbuild'
import { ROOT } from '../pinned-node.js'
import { digestFolder } from './digest.js'
import { sbom } from './sbom.js'
import { buildWeb, PORTALS, WEB } from './web.js'

// Chunks lie flat beside the thread scripts: src/lib/bundle.ts finds those by `./<name>.js` from any chunk.
const ENTRIES = {
  gatez: 'bin/run.js',
  'control-thread': 'src/control-door.ts',
  'desk-thread': 'src/integrations/desk/desk-thread.ts',
  'gateway-thread': 'src/gateway/thread-worker.ts',
  'ingest-thread': 'src/ingest/ingest-thread.ts',
  'keeper-thread': 'src/gateway/keeper-thread.ts',
  'meter-thread': 'src/metering/meter-thread.ts',
  'ship-thread': 'src/shipping/ship-thread.ts',
}

// Packages in CommonJS that are bundled call `require`; an ES module has none of its own.
const BANNER =
  "import{createRequire as gatezCreateRequire}from'node:module';const require=gatezCreateRequire(import.meta.url);"

// pdfkit finds the widths of its standard fonts by a name that only Node resolves: a bundle must hold them itself.
const pdfFonts = {
  name: 'pdf-fonts',
  setup({ onLoad }) {
    onLoad({ filter: /pdfkit[\\/]js[\\/]pdfkit\.node\.mjs$/ }, ({ path }) => {
      const contents = readFileSync(path, 'utf8')
        .replace('const require$1 = createRequire(import.meta.url);', '')
        .replaceAll(/require\$1\('#standard-fonts\/(\w+)'\)/g, "require('./standard-fonts/$1.cjs')")
      return { contents, loader: 'js', resolveDir: dirname(path) }
    })
  },
}

// Messages in all languages zod knows: ours are told by src/config/shape-problems.ts and src/control/read-input.ts.
const zodLocales = {
  name: 'zod-locales',
  setup({ onLoad }) {
    onLoad({ filter: /zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => {
      return { contents: "export { default as en } from './en.js'", loader: 'js' }
    })
  },
}

/**
 * What is built, by the name of its folder in dist, with what esbuild sets. No one ships but `lib`: the others
 * are for test/crash. They can be killed at named places (src/lib/fail-point.ts), and `release-early` lets
 * answers end before they are metered (src/lib/bundle.ts).
 */
const VARIANTS = {
  lib: { GATEZ_FAIL_POINTS: 'undefined' },
  'fail-points': { GATEZ_FAIL_POINTS: 'true' },
  'release-early': { GATEZ_FAIL_POINTS: 'true', GATEZ_RELEASES_EARLY: 'true' },
}

/** Bundles the program into its folder in dist, whose place it takes whole. Returns a line to print. */
export async function bundle(variant = 'lib') {
  const startMs = performance.now()
  const target = `dist/${variant}`
  const staging = `${target}-${process.pid}`
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: ENTRIES,
    outdir: staging,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24.15',
    chunkNames: 'chunk-[hash]',
    // oclif looks for typescript to run sources; a bundle has none.
    external: ['better-sqlite3', 'typescript', 'react-devtools-core'],
    // React is built in two: the one for development keeps a record of every frame.
    define: { GATEZ_BUNDLED: 'true', 'process.env.NODE_ENV': '"production"', ...VARIANTS[variant] },
    // Leaves out calls of empty functions: in `lib` those of `failPoint`.
    minifySyntax: true,
    minifyWhitespace: true,
    banner: { js: BANNER },
    plugins: [pdfFonts, zodLocales],
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  })
  // The variants are for tests of crashes, which look at no page.
  const web = variant === 'lib' ? await buildWeb() : undefined
  if (web !== undefined) copyPages(`${ROOT}${staging}/web`)
  const packages = [
    ...new Set([...packagesIn(Object.keys(metafile.inputs)), ...(web?.packages ?? [])]),
  ].sort()
  writeFileSync(
    `${ROOT}${staging}/THIRD-PARTY-LICENSES.txt`,
    licenses([...packages, 'node_modules/better-sqlite3']),
  )
  writeFileSync(`${ROOT}${staging}/gatez.cdx.json`, sbom([...packages, 'node_modules/better-sqlite3']))
  replace(`${ROOT}${target}`, `${ROOT}${staging}`)

  const bytes = Object.values(metafile.outputs).reduce((sum, output) => sum + output.bytes, 0)
  const program = `${target}: ${(bytes / 1e6).toFixed(1)} MB from ${packages.length} packages, in ${seconds(startMs)}`
  const digest = `bundle sha256 ${digestFolder(`${ROOT}${target}`)}`
  return web === undefined ? program : `${web.line}\n${program}\n${digest}`
}

/** Seconds since `startMs` of performance.now(), for printing. */
export function seconds(startMs) {
  return `${((performance.now() - startMs) / 1000).toFixed(1)} s`
}

function copyPages(target) {
  for (const name of Object.keys(PORTALS))
    cpSync(`${ROOT}${WEB}/${name}`, `${target}/${name}`, { recursive: true })
}

/** The folders of the packages that files are of, from ROOT, as `node_modules/@oclif/core`. */
function packagesIn(inputs) {
  const folders = inputs.map((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0])
  return [...new Set(folders)].filter((folder) => folder !== undefined).sort()
}

/** The licence texts of the packages: who passes the bundle on must pass these on with it. */
function licenses(folders) {
  const texts = folders.map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(`${ROOT}${folder}/package.json`, 'utf8'))
    const file = readdirSync(`${ROOT}${folder}`).find((entry) => /^licen[cs]e/i.test(entry))
    const text = file === undefined ? '' : readFileSync(`${ROOT}${folder}/${file}`, 'utf8').trim()
    return `${name} ${version} (${license})\n\n${text}\n`
  })
  return texts.join(`\n${'-'.repeat(80)}\n\n`)
}

function replace(folder, staging) {
  mkdirSync(`${ROOT}dist`, { recursive: true })
  const old = `${folder}-old-${process.pid}`
  if (existsSync(folder)) renameSync(folder, old)
  renameSync(staging, folder)
  rmSync(old, { recursive: true, force: true })
}
