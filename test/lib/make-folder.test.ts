import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeFolder } from '../../src/lib/make-folder.ts'
import { tempDir } from '../support/temp-dir.ts'

test('a folder is made with all above it, and a second time is fine', () => {
  const folder = join(tempDir(), 'a', 'b')
  makeFolder(folder, 0o700)
  makeFolder(folder, 0o700)
  expect(statSync(folder).mode & 0o777).toBe(0o700)
})

test('a file in the way is an error', () => {
  const folder = tempDir()
  writeFileSync(join(folder, 'file'), '')
  expect(() => makeFolder(join(folder, 'file'))).toThrow(/EEXIST/)
  expect(() => makeFolder(join(folder, 'file', 'below'))).toThrow(/EEXIST|ENOTDIR/)
})

test('a system that refuses ends it: it does not try for ever', () => {
  // On Linux /proc answers ENOENT; elsewhere the folder / may not be written, or is.
  const place = process.platform === 'linux' ? '/proc/gatez/data' : join(tempDir(), '\0')
  expect(() => makeFolder(place)).toThrow()
})
