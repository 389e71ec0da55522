import { fileURLToPath } from 'node:url'

/**
 * The path of the script a worker thread starts from: pass it to `new Worker(…)` as it is.
 *
 * Works from the TypeScript sources, from the bundle in `dist/lib` (whose chunks lie flat beside the
 * thread scripts) and inside the single binary, where the bundle lies in a virtual folder of the same
 * shape. A path, not a URL, because inside the binary a Worker finds a virtual file by its path only.
 * For the same reason a thread script must not use `await` at its top level.
 */
export function threadUrl(name: ThreadName): string {
  return fileURLToPath(new URL(BUNDLED ? `./${name}.js` : SOURCES[name], import.meta.url))
}

/**
 * For threads that are not on the way of a call: little room for short-lived objects. Left alone, starting up
 * makes it grow to 16 MiB a thread, and nothing makes it shrink again.
 */
export const SMALL_YOUNG = { maxYoungGenerationSizeMb: 6 } as const

/**
 * The folder of the templates that `gatez init` writes.
 *
 * Inside the single binary it is virtual: read it with `readdirSync` (folder by folder: its `recursive`
 * option sees one level only) and `readFileSync`, given paths. Calls given URLs, and calls that hand the
 * path to the operating system (`cp`, `spawn`), do not find it.
 */
export function templatesDir(): string {
  return fileURLToPath(new URL('../../templates', import.meta.url))
}

/** The folder of the built pages: one folder each for the portals. It may be missing where nobody built them. */
export function webDir(): string {
  return fileURLToPath(new URL(BUNDLED ? './web' : '../../dist/web', import.meta.url))
}

/**
 * Whether the end of an answer waits for its event. Always, but for one build that no one ships: the
 * crash test must fail on it, or the test proves nothing.
 */
export const HOLDS_ENDS = typeof GATEZ_RELEASES_EARLY === 'undefined'

/** A script of ours that runs on a thread of its own. */
export type ThreadName = keyof typeof SOURCES

// Set to true by esbuild (bin/build.js), unset when Node runs the sources.
declare const GATEZ_BUNDLED: boolean | undefined
// Set to true by the option --release-early of the same.
declare const GATEZ_RELEASES_EARLY: boolean | undefined

const BUNDLED = typeof GATEZ_BUNDLED !== 'undefined'

const SOURCES = {
  'control-thread': '../control-door.ts',
  'desk-thread': '../integrations/desk/desk-thread.ts',
  'gateway-thread': '../gateway/thread-worker.ts',
  'ingest-thread': '../ingest/ingest-thread.ts',
  'keeper-thread': '../gateway/keeper-thread.ts',
  'meter-thread': '../metering/meter-thread.ts',
  'ship-thread': '../shipping/ship-thread.ts',
} as const
