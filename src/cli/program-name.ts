import { basename } from 'node:path'

/**
 * How to call this program again from any folder, as one would type it.
 *
 * Installed it is `gatez`; a script that was given to Node needs both, and the single binary its path.
 */
export function programName({ argv, execPath }: Program = process): string {
  const script = argv[1] ?? ''
  if (basename(execPath).startsWith('gatez')) return quoted(execPath)
  return script.endsWith('.js') ? `node ${quoted(script)}` : 'gatez'
}

/** What of `process` says how it was started. */
export interface Program {
  readonly argv: readonly string[]
  readonly execPath: string
}

/** A path as a shell takes it. */
function quoted(path: string): string {
  return /^[\w./@+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
}
