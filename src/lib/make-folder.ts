import { mkdirSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/**
 * Makes a folder and those above it that are missing. One that exists is fine; a file in its place is not.
 *
 * Node's own `recursive: true` never returns where the system answers ENOENT to mkdir, as /proc does.
 */
export function makeFolder(path: string, mode = 0o777): void {
  const missing: string[] = []
  let folder = resolve(path)
  while (!isFolder(folder) && folder !== dirname(folder)) {
    missing.push(folder)
    folder = dirname(folder)
  }
  for (const each of missing.reverse()) makeOne(each, mode)
}

function makeOne(folder: string, mode: number): void {
  try {
    mkdirSync(folder, { mode })
  } catch (error) {
    // Someone else may have made it meanwhile.
    if (!isFolder(folder)) throw error
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}
