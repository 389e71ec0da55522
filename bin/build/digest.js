import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** SHA-256 of a file, hex. */
export function digestFile(path) {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}

/**
 * SHA-256 of a folder, hex: of the lines that `sha256sum` would print for its files, sorted by name.
 *
 * Two builds of one source must agree in it.
 */
export function digestFolder(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )
  const paths = files.map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1)).sort()
  const lines = paths.map((path) => `${digestFile(join(folder, path))}  ${path.replaceAll('\\', '/')}\n`)
  return createHash('sha256').update(lines.join('')).digest('hex')
}
