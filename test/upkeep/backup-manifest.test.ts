import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { measure, readBackup } from '../../src/upkeep/backup-manifest.ts'
import { tempDir } from '../support/temp-dir.ts'

async function backupIn(folder: string) {
  writeFileSync(join(folder, 'control.db'), 'not really')
  const file = { name: 'control', ...(await measure(join(folder, 'control.db'))) }
  const manifest = { format: 1, gatez: '0.1.0', created_at: 'now', node_id: '', places: [], files: [file] }
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest))
  return manifest
}

test('a backup whose files are what its manifest says is read', async () => {
  const folder = tempDir()
  expect(await readBackup(folder).catch(({ code }) => code)).toBe('not-found')
  const manifest = await backupIn(folder)
  expect(await readBackup(folder)).toEqual(manifest)
})

test.each([
  { file: 'control.db', text: 'NOT really', why: 'another content of the same size' },
  { file: 'control.db', text: 'not', why: 'cut off' },
  { file: 'manifest.json', text: '{', why: 'no JSON' },
  { file: 'manifest.json', text: '{"format":2}', why: 'of a newer gatez' },
])('$file that is $why: backup-damaged', async ({ file, text }) => {
  const folder = tempDir()
  await backupIn(folder)
  writeFileSync(join(folder, file), text)
  await expect(readBackup(folder)).rejects.toMatchObject({ code: 'backup-damaged' })
})
