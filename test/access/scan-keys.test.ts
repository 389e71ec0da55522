import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { scanKeys } from '../../src/access/scan-keys.ts'
import { makeSecret, maskSecret } from '../../src/model/key.ts'
import { tempDir } from '../support/temp-dir.ts'

/** Looks like a key, but the checksum does not hold. */
const NOISE = 'gz_live_00000000000000000000000000000000000000'

function folderWith(files: Readonly<Record<string, string | Buffer>>): string {
  const folder = tempDir()
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(join(folder, file, '..'), { recursive: true })
    writeFileSync(join(folder, file), text)
  }
  return folder
}

const scan = (path: string, history = false) => scanKeys({ path, history })

test('one key among ten thousand files is found, by file and line, masked', async () => {
  const folder = tempDir()
  const secret = makeSecret('live')
  const text = `${'a line of nothing\n'.repeat(30)}token = "${NOISE}"\n`
  for (let index = 0; index < 10_000; index += 1) {
    if (index % 100 === 0) mkdirSync(join(folder, `d${index / 100}`))
    writeFileSync(join(folder, `d${Math.floor(index / 100)}`, `f${index}.txt`), text)
  }
  writeFileSync(join(folder, 'd42', 'f4242.txt'), `one\r\ntwo\r\nkey=${secret};more\n`)
  const seen = await scan(folder)
  expect(seen).toEqual({
    files: 10_000,
    skipped: 0,
    commits: null,
    found: [{ file: 'd42/f4242.txt', line: 3, commit: null, masked: maskSecret(secret) }],
  })
  expect(JSON.stringify(seen)).not.toContain(secret)
})

test('what only looks like a key is no alarm', async () => {
  const secret = makeSecret('live')
  const almost = [
    NOISE,
    secret.toLowerCase(),
    secret.slice(0, -1),
    secret.replace('live', 'prod'),
    maskSecret(secret),
  ]
  expect((await scan(folderWith({ 'a.txt': almost.join('\n') }))).found).toEqual([])
})

test('every key of a file is told, wherever in the line, of either mode', async () => {
  const [one, two, three] = [makeSecret('live'), makeSecret('test'), makeSecret('live')]
  const { found } = await scan(folderWith({ 'a.env': `A=${one}${two}\n\nx_${three}y` }))
  expect(found.map(({ line, masked }) => [line, masked])).toEqual([
    [1, maskSecret(one)],
    [1, maskSecret(two)],
    [3, maskSecret(three)],
  ])
})

test('binary files, large files, links and .git are passed over', async () => {
  const secret = makeSecret('live')
  const elsewhere = folderWith({ 'key.txt': secret })
  const folder = folderWith({
    'app.bin': Buffer.from(`\0\0${secret}`),
    'big.log': Buffer.alloc(16 * 1024 * 1024 + 1, secret),
    '.git/config': secret,
    '.github/clean.yml': 'on: push',
  })
  symlinkSync(elsewhere, join(folder, 'link'))
  symlinkSync(join(elsewhere, 'key.txt'), join(folder, 'key'))
  symlinkSync(folder, join(folder, 'loop'))
  expect(await scan(folder)).toEqual({ files: 1, skipped: 2, commits: null, found: [] })
})

test('one file can be scanned, and a path that is not there is said', async () => {
  const folder = folderWith({ 'a.txt': makeSecret('live') })
  expect((await scan(join(folder, 'a.txt'))).found).toMatchObject([{ line: 1 }])
  await expect(scan(join(folder, 'b.txt'))).rejects.toMatchObject({ code: 'not-found' })
  await expect(scan(folder, true)).rejects.toMatchObject({
    code: 'invalid-parameter',
    message: expect.stringMatching(/not a git repository/),
  })
})

test('a file whose name is a key does not show it', async () => {
  const secret = makeSecret('live')
  const { found } = await scan(folderWith({ [`${secret}.txt`]: secret }))
  expect(JSON.stringify(found)).not.toContain(secret)
  expect(found).toHaveLength(1)
})

test('history finds what was taken out again, on any branch, in merges, messages and stashes, each once', async () => {
  const folder = folderWith({ 'src/app.js': 'const a = 1\n' })
  const git = (...argv: string[]) =>
    execFileSync('git', ['-c', 'user.name=ann', '-c', 'user.email=ann@example.com', ...argv], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
      .toString()
      .trim()
  const write = (file: string, text: string) => writeFileSync(join(folder, file), text)
  const keys = Array.from({ length: 5 }, () => makeSecret('live'))
  const commit = (message: string) => {
    git('add', '-A')
    git('commit', '-q', '-m', message)
    return git('rev-parse', 'HEAD')
  }

  git('init', '-q', '-b', 'main')
  commit('begin')
  write('src/app.js', `++ b/not-a-head\nconst a = 2\nconst key = '${keys[0]}'\n`)
  const first = commit('work')
  write('src/app.js', `const key = '${keys[0]}'\nconst a = 3\n`)
  commit('move it')
  rmSync(join(folder, 'src'), { recursive: true })
  commit('take it out')
  git('checkout', '-q', '-b', 'side')
  write('side.txt', `${keys[1]}\n`)
  const side = commit(`a message\n\nwith ${keys[2]} in it`)
  git('checkout', '-q', 'main')
  write('main.txt', 'main\n')
  commit('go on')
  git('merge', '-q', '--no-commit', 'side')
  write('main.txt', `main\n${keys[3]}\n`)
  const merge = commit('merge')
  rmSync(join(folder, 'side.txt'))
  rmSync(join(folder, 'main.txt'))
  commit('clean')
  write('stashed.txt', `${keys[4]}\n`)
  git('add', '-A')
  git('stash')

  const { found, commits, files } = await scan(folder, true)
  expect(files).toBe(0)
  expect(commits).toBeGreaterThan(7)
  const told = found.map(({ file, line, commit: at, masked }) => [at, file, line, masked])
  expect(told).toEqual(
    expect.arrayContaining([
      [first, 'src/app.js', 3, maskSecret(keys[0]!)],
      [side, 'side.txt', 1, maskSecret(keys[1]!)],
      [side, '(message)', 0, maskSecret(keys[2]!)],
      [merge, 'main.txt', 2, maskSecret(keys[3]!)],
      [expect.any(String), 'stashed.txt', 1, maskSecret(keys[4]!)],
    ]),
  )
  expect(found).toHaveLength(5)
})
