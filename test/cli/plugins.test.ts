import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../architecture/source-files.ts'
import { runCli } from '../support/run-cli.ts'
import { tempDir } from '../support/temp-dir.ts'

/** A home in which a plugin is installed for gatez, by the way oclif has for it: it leaves a mark when it is loaded. */
function homeWithPlugin() {
  const home = tempDir()
  const plugin = join(home, 'plugin')
  const data = join(home, '.local/share/gatez')
  for (const folder of [plugin, data]) mkdirSync(folder, { recursive: true })
  const mark = join(home, 'was-here')
  writeFileSync(join(plugin, 'hook.js'), `require('node:fs').writeFileSync(${JSON.stringify(mark)}, '')\n`)
  const oclif = { hooks: { init: './hook.js' } }
  writeFileSync(
    join(plugin, 'package.json'),
    JSON.stringify({ name: 'gatez-plugin-mark', version: '1.0.0', oclif }),
  )
  const installed = [{ name: 'gatez-plugin-mark', type: 'link', root: plugin }]
  writeFileSync(
    join(data, 'package.json'),
    JSON.stringify({ name: 'data', oclif: { schema: 1, plugins: installed } }),
  )
  return { home, mark, env: { HOME: home, XDG_DATA_HOME: join(home, '.local/share') } }
}

test('a plugin that was put into the home folder is not loaded, whatever is asked', async () => {
  const { home, mark, env } = homeWithPlugin()
  for (const argv of [['--help'], ['plans', 'list'], ['gatez-plugin-mark'], ['config', 'schema']]) {
    await runCli(argv, { cwd: home, env })
  }
  expect(existsSync(mark)).toBe(false)
})

test('oclif, left to itself, would load it', () => {
  const { home, mark, env } = homeWithPlugin()
  const program = join(home, 'program')
  mkdirSync(program)
  writeFileSync(
    join(program, 'package.json'),
    JSON.stringify({ name: 'gatez', version: '1.0.0', oclif: { bin: 'gatez', dirname: 'gatez' } }),
  )
  const script = `import { Config } from '@oclif/core/config'
    const config = await Config.load({ root: ${JSON.stringify(program)}, userPlugins: true })
    await config.runHook('init', { id: 'x', argv: [] })`
  execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: 'pipe',
  })
  expect(existsSync(mark)).toBe(true)
})
