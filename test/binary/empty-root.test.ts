import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../src/cli/demo/free-port.ts'
import { ROOT } from '../architecture/source-files.ts'
import { tempDir } from '../support/temp-dir.ts'
import { Tmux } from '../support/tmux.ts'
import { until } from '../support/until.ts'

/** The binary unpacks at its first start, and a machine that builds may be slow. */
const SLOW_MS = 60_000

// In a root that holds nothing but the binary and the C library: no Node, no npm, no shell, no /proc, no time zones.

beforeAll(() => {
  execFileSync(process.execPath, [join(ROOT, 'bin/build.js'), '--if-stale'])
}, 300_000)

test('init, a metered call, report, invoice, pages and dashboard work in a root with nothing but the binary', async () => {
  const root = emptyRoot()
  const run = (...args: string[]) => runIn(root, args)
  run('init', '/data', '--yes')
  const { gateway, control } = await writeAddresses(root, await startUpstream())
  const serve = spawn('env', inRoot(root, ['serve']), { stdio: ['ignore', 'ignore', 'inherit'] })
  onTestFinished(() => void serve.kill('SIGKILL'))
  const call = (headers: Record<string, string>) => fetch(`${gateway}/v1/search?q=ada`, { headers })
  const answered = () =>
    call({}).then(
      () => true,
      () => undefined,
    )
  await until('the gateway answers', answered, SLOW_MS)
  run('tenants', 'create', 'acme', '--plan', 'pro')
  const { secret } = JSON.parse(run('keys', 'create', 'acme', '--json'))

  const answers = [await call({}), await call({ 'x-api-key': secret })]
  expect(answers.map(({ status }) => status)).toEqual([401, 200])
  const readReport = () => {
    const read = JSON.parse(run('usage', 'report', '--json'))
    return read.total.billable === 1 ? read : undefined
  }
  const report = await until('the report has the call', readReport, SLOW_MS)
  expect(report.total).toMatchObject({ requests: 1, billable: 1, usage_units: 1 })

  for (const portal of ['portal', 'operator']) {
    const page = await (await fetch(`${control}/${portal}/`)).text()
    const [, script = ''] = /<script [^>]*src="([^"]+\.js)"/.exec(page) ?? []
    const answer = await fetch(new URL(script, control))
    expect([portal, answer.status, answer.headers.get('content-type')]).toEqual([
      portal,
      200,
      expect.stringContaining('javascript'),
    ])
  }
  const terminal = await Tmux.open(root)
  await terminal.type(`env ${inRoot(root, ['tui', 'dashboard']).join(' ')}`)
  await terminal.shows(/this month 1 requests, 1 billable/)
  await terminal.press('q')
  await until('the terminal is as it was', async () => !(await terminal.state()).isOtherScreen || undefined)

  serve.kill('SIGTERM')
  await once(serve, 'exit')
  expect(serve.exitCode).toBe(0)

  const month = report.from.slice(0, 7)
  const { made } = JSON.parse(
    runIn(root, ['invoices', 'run', '--month', month, '--json'], { GATEZ_CLOCK: afterEnd(report.to) }),
  )
  expect(made).toMatchObject([{ tenant_id: 'acme' }])
  run('invoices', 'show', made[0].number, '--format', 'pdf', '--out', '/data/invoice.pdf')
  expect(readFileSync(join(root, 'data/invoice.pdf'), 'latin1').slice(0, 5)).toBe('%PDF-')
  expect(run('invoices', 'show', made[0].number)).toMatch(/Pro: calls +1 /)
})

/** A folder with the binary, the libraries it is linked with, and an empty folder for its data. */
function emptyRoot(): string {
  const root = tempDir()
  cpSync(join(ROOT, 'dist/gatez'), join(root, 'gatez'))
  const linked = execFileSync('ldd', [join(ROOT, 'dist/gatez')], { encoding: 'utf8' })
  for (const [path] of linked.matchAll(/\/\S+/g)) {
    mkdirSync(join(root, dirname(path)), { recursive: true })
    copyFileSync(path, join(root, path))
  }
  for (const name of ['data', 'tmp']) mkdirSync(join(root, name), { mode: 0o700 })
  expect(readdirSync(root, { recursive: true }).filter((name) => /node$|bin\//.test(String(name)))).toEqual(
    [],
  )
  return root
}

/** As another user than root one makes a namespace to do it. */
const INTO = process.getuid?.() === 0 ? ['chroot'] : ['unshare', '--map-root-user', 'chroot']

/** What `env` is given to run the binary in that root, with no variable of ours. */
function inRoot(
  root: string,
  args: readonly string[],
  more: Readonly<Record<string, string>> = {},
): readonly string[] {
  // PATH is for finding chroot: in the root there is nothing to find.
  const env = { HOME: '/data', GATEZ_CACHE_DIR: '/data/cache', PATH: '/usr/sbin:/usr/bin', TERM: 'screen' }
  const variables = Object.entries({ ...env, ...more }).map(([name, value]) => `${name}=${value}`)
  const config = args[0] === 'init' ? [] : ['--config', '/data/gatez.yaml']
  return ['--ignore-environment', ...variables, ...INTO, root, '/gatez', ...args, ...config]
}

function runIn(root: string, args: readonly string[], more: Readonly<Record<string, string>> = {}): string {
  return execFileSync('env', inRoot(root, args, more), { encoding: 'utf8' })
}

async function startUpstream(): Promise<string> {
  const upstream = createServer((_request, response) => response.end('{"ok":true}'))
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  onTestFinished(() => void upstream.close())
  return `127.0.0.1:${(upstream.address() as AddressInfo).port}`
}

/** Puts free ports into the file that `init` wrote, and the address of the upstream. */
async function writeAddresses(root: string, upstream: string) {
  const file = join(root, 'data/gatez.yaml')
  const [gateway, control] = [`127.0.0.1:${await freePort(0)}`, `127.0.0.1:${await freePort(0)}`]
  const text = readFileSync(file, 'utf8')
    .replaceAll('127.0.0.1:8080', gateway)
    .replaceAll('127.0.0.1:9000', upstream)
  writeFileSync(file, `${text}\ncontrol: { listen: "${control}" }\n`)
  return { gateway: `http://${gateway}`, control: `http://${control}` }
}

/** A day after the end of the month: late enough for what may still come. */
function afterEnd(to: string): string {
  return to.replace(/-01T/, '-02T')
}
