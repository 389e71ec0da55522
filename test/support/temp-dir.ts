import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { atEnd } from './at-end.ts'

/** A fresh folder that is removed when the running test is over. */
export function tempDir(): string {
  const path = mkdtempSync(join(tmpdir(), 'gatez-test-'))
  atEnd(() => rmSync(path, { recursive: true, force: true }))
  return path
}
