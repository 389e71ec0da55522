import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PackedProgram } from './packed-program.ts'

let gatez: PackedProgram
let upstream: Server
let calls = 0

beforeAll(async () => {
  gatez = new PackedProgram()
  upstream = createServer((_request, response) => {
    calls += 1
    response.end('{"ok":true}')
  })
  await listening(upstream)
})

afterAll(async () => {
  await gatez[Symbol.asyncDispose]()
  upstream.close()
})

test('the binary tells its version', async () => {
  expect(await gatez.run(['--version'])).toMatch(/^gatez \d+\.\d+\.\d+ /)
})

test('init, serve and a metered request work from the binary alone', async () => {
  await gatez.run(['init', '--yes'])
  const gateway = `http://127.0.0.1:${await freePort()}`
  writeAddresses(gateway)
  await gatez.serve(gateway)

  await gatez.run(['tenants', 'create', 'acme', '--plan', 'pro'])
  const { secret } = JSON.parse(await gatez.run(['keys', 'create', 'acme', '--json']))
  const refused = await fetch(`${gateway}/v1/search`)
  const admitted = await fetch(`${gateway}/v1/search`, { headers: { 'x-api-key': secret } })

  expect([refused.status, admitted.status, await admitted.text()]).toEqual([401, 200, '{"ok":true}'])
  expect(calls).toBe(1)
  expect(await reportedRow()).toMatchObject({ tenant_id: 'acme', requests: 1, billable: 1 })
  expect(await gatez.stop(), gatez.output).toBe(0)
})

test('invoices are written as PDF from the binary alone, one or many', async () => {
  const at = (clock: string, ...args: readonly string[]) => gatez.run(args, { GATEZ_CLOCK: clock })
  await at('2026-03-01T00:00:00Z', 'tenants', 'create', 'forge', '--plan', 'pro', '--name', 'Łódź Forge')
  const april = '2026-04-02T00:00:00Z'
  const { made } = JSON.parse(await at(april, 'invoices', 'run', '--month', '2026-03', '--json'))
  expect(made).toMatchObject([{ tenant_id: 'forge', number: 'INV-2026-0001' }])
  await at(april, 'invoices', 'show', 'INV-2026-0001', '--format', 'pdf', '--out', 'one.pdf')
  await at(april, 'invoices', 'export', '--month', '2026-03', '--format', 'pdf', '--out', 'many')

  const [one, many] = ['one.pdf', 'many/INV-2026-0001.pdf'].map((name) => {
    return readFileSync(join(gatez.folder, name))
  })
  expect(one?.subarray(0, 5).toString()).toBe('%PDF-')
  expect(one?.toString('latin1').replaceAll('\0', '')).toContain('Invoice INV-2026-0001)')
  expect(many?.equals(one ?? Buffer.alloc(0))).toBe(true)
})

test('the demonstration runs from the binary alone, its sample API too', async () => {
  const { calls, report } = JSON.parse(await gatez.run(['demo', '--json']))
  expect([calls, report.total.billable]).toEqual([178, 163])
})

test('the binary unpacks its SQLite engine into the cache of its user, once', () => {
  const cache = join(gatez.folder, '../home/.cache/gatez')
  expect(readdirSync(cache)).toEqual([expect.stringMatching(/^sqlite-[0-9a-f]{32}\.node$/)])
})

test('where the binary may unpack nothing, it says what to do', async () => {
  const refused = gatez.run(['plans', 'list'], { GATEZ_CACHE_DIR: '/proc/none' })
  await expect(refused).rejects.toMatchObject({ code: 7, stderr: expect.stringContaining('GATEZ_CACHE_DIR') })
})

/** The row of the tenant, as soon as the ledger has it: within a second of the answer. */
async function reportedRow(): Promise<unknown> {
  const deadline = AbortSignal.timeout(5_000)
  for (;;) {
    const { rows } = JSON.parse(await gatez.run(['usage', 'report', '--by', 'tenant', '--json']))
    // Its plan has a fee: there is a row for that from the beginning.
    const row = rows.find((candidate: { tenant_id: string }) => candidate.tenant_id === 'acme')
    if (row?.requests > 0 || deadline.aborted) return row
  }
}

function writeAddresses(gateway: string): void {
  const file = join(gatez.folder, 'gatez.yaml')
  const { port } = upstream.address() as AddressInfo
  const text = readFileSync(file, 'utf8')
    .replaceAll('127.0.0.1:8080', new URL(gateway).host)
    .replaceAll('127.0.0.1:9000', `127.0.0.1:${port}`)
    .replace('threads: auto', 'threads: 4')
  writeFileSync(file, text)
}

async function freePort(): Promise<number> {
  const server = createServer()
  await listening(server)
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function listening(server: Server): Promise<void> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
}
