import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { makeOutFolder, writeWholeFile } from '../../../src/billing/export/whole-file.ts'
import { tempDir } from '../../support/temp-dir.ts'

const hello = async (sink: Writable) => {
  sink.write('hello')
}

test('the file holds what was written and can be read by its owner only', async () => {
  const path = join(tempDir(), 'usage.csv')
  await writeWholeFile(path, hello)
  expect(readFileSync(path, 'utf8')).toBe('hello')
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

test('when writing fails half way, a file that was there stays, and nothing is left beside it', async () => {
  const folder = tempDir()
  const path = join(folder, 'usage.csv')
  writeFileSync(path, 'before')
  const failing = writeWholeFile(path, async (sink) => {
    sink.write('half')
    throw new Error('the ledger went away')
  })
  await expect(failing).rejects.toThrow('the ledger went away')
  expect(readFileSync(path, 'utf8')).toBe('before')
  expect(readdirSync(folder)).toEqual(['usage.csv'])
})

test('until all is written, the name is not taken', async () => {
  const folder = tempDir()
  const path = join(folder, 'usage.csv')
  await writeWholeFile(path, async (sink) => {
    sink.write('half')
    expect(readdirSync(folder)).not.toContain('usage.csv')
  })
  expect(readdirSync(folder)).toEqual(['usage.csv'])
})

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  'a command that %s stops leaves nothing behind',
  async (signal) => {
    const folder = tempDir()
    const script = `
    import { writeWholeFile } from ${JSON.stringify(import.meta.resolve('../../../src/billing/export/whole-file.ts'))}
    await writeWholeFile(process.argv[1], (sink) => new Promise(() => {
      sink.write('half', () => console.log('half'))
      setInterval(() => {}, 1000)
    }), { isCommand: true })`
    const path = join(folder, 'usage.csv')
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = once(child, 'exit')
    await once(child.stdout, 'data')
    expect(readdirSync(folder)).toHaveLength(1)
    child.kill(signal)
    expect(await ended).toEqual([null, signal])
    expect(readdirSync(folder)).toEqual([])
  },
)

test('a folder that is missing is made with those above it; where it cannot be, --out is named and why', () => {
  const folder = join(tempDir(), 'a/b')
  makeOutFolder(folder)
  makeOutFolder(folder)
  expect(readdirSync(folder)).toEqual([])
  const file = join(folder, 'file')
  writeFileSync(file, '')
  const wrong = {
    [file]: 'a file is where a folder must be',
    [join(file, 'x')]: 'a file is where a folder must be',
    '/proc/nope': 'its folder does not',
  }
  for (const [path, why] of Object.entries(wrong)) {
    expect(() => makeOutFolder(path)).toThrow(`--out ${path} cannot be written: ${why}`)
  }
})

test('a link stays a link', async () => {
  const folder = tempDir()
  writeFileSync(join(folder, 'real.csv'), 'before')
  symlinkSync('real.csv', join(folder, 'link.csv'))
  await writeWholeFile(join(folder, 'link.csv'), hello)
  expect(readFileSync(join(folder, 'real.csv'), 'utf8')).toBe('hello')
})

test('what is no file is written to and stays what it is', async () => {
  await writeWholeFile('/dev/null', hello)
  expect(statSync('/dev/null').isCharacterDevice()).toBe(true)
})

test('a folder in the place of the file is refused', async () => {
  const folder = tempDir()
  mkdirSync(join(folder, 'usage.csv'))
  await expect(writeWholeFile(join(folder, 'usage.csv'), hello)).rejects.toMatchObject({
    code: 'invalid-parameter',
    message: expect.stringContaining('is a folder'),
  })
})

test.each([
  { path: 'nowhere/usage.csv', says: 'its folder does not exist' },
  { path: 'file/usage.csv', says: 'its folder is a file' },
  { path: `${'x'.repeat(300)}.csv`, says: 'its name is too long' },
])('a path that cannot be is refused: $says', async ({ path, says }) => {
  const folder = tempDir()
  writeFileSync(join(folder, 'file'), '')
  await expect(writeWholeFile(join(folder, path), hello)).rejects.toMatchObject({
    code: 'folder-not-writable',
    message: expect.stringContaining(says),
  })
})

test('a disk that is full is told as such', async () => {
  await expect(writeWholeFile('/dev/full', hello)).rejects.toMatchObject({
    code: 'folder-not-writable',
    message: expect.stringContaining('the disk is full'),
  })
})
