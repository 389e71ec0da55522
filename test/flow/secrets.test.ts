import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { flowConfig } from '../support/flow-config.ts'
import { Project } from '../support/project.ts'
import { RawClient } from '../support/raw-client.ts'
import type { CliResult } from '../support/run-cli.ts'
import { until } from '../support/until.ts'

const SECRET = /gz_live_[0-9A-Za-z]{38}/

/** Everything a project wrote so far: its files, WAL included, and what else is given. */
function everythingWritten(project: Project, outputs: readonly string[]): Buffer {
  const files = readdirSync(project.folder, { recursive: true, withFileTypes: true })
  const paths = files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name))
  expect(paths.map((path) => path.slice(project.folder.length))).toEqual(
    expect.arrayContaining([
      '/.gatez/gatez.db',
      '/.gatez/gatez.db-wal',
      '/.gatez/spool.db',
      '/.gatez/usage.db',
    ]),
  )
  return Buffer.concat([
    ...paths.map((path) => readFileSync(path)),
    ...outputs.map((text) => Buffer.from(text)),
  ])
}

/** What stands before each place where the part of a secret is that no mask shows. */
function placesOf(secret: string, bytes: Buffer): string[] {
  const places: string[] = []
  for (let at = -1; ; ) {
    at = bytes.indexOf(secret.slice(12, -4), at + 1)
    if (at === -1) return places
    places.push(bytes.toString('latin1', at - 100, at).replaceAll(/[^ -~]/g, '.'))
  }
}

/** A fault of ours, made by hand: the table of keys is gone while `work` runs. */
async function withoutKeys(project: Project, work: () => Promise<void>): Promise<void> {
  const database = new Database(project.path('.gatez/gatez.db'))
  database.exec('ALTER TABLE keys RENAME TO keys_away')
  await work()
  database.exec('ALTER TABLE keys_away RENAME TO keys')
  database.close()
}

test('a secret is in no file and no log, whatever happens to it or is done with it', async () => {
  const upstream = await CountingUpstream.start()
  const plans = { open: { keys: { approval: 'manual' }, limits: [{ requests: 20, per: 'day' }] } }
  const project = await Project.with(flowConfig({ upstreamPort: upstream.port, threads: 2, plans }))
  const printed: string[] = []
  const quiet = async (...argv: string[]) => {
    const result: CliResult = await project.try(...argv)
    printed.push(result.stdout, result.stderr)
    return result
  }
  const created = await project.tenant('acme', 'open')
  const { id } = await project.json('keys', 'request', 'acme')
  await quiet('keys', 'approve', id)
  const { secret: revealed } = await project.json('keys', 'reveal', id)
  expect((await quiet('keys', 'reveal', id)).exitCode).toBe(6)

  const serve = await project.serve()
  const client = await RawClient.connect(serve.port)
  const statuses: number[] = []
  const call = async (path: string, headers: Record<string, string>) => {
    const answer = await client.call({ path, headers })
    statuses.push(answer.status)
    const { body } = answer
    printed.push(body.toString())
  }
  for (const secret of [created, revealed]) {
    await call('/plain', { 'x-api-key': secret })
    await call('/bearer', { authorization: `Bearer ${secret}` })
    await call(`/query?key=${secret}`, { 'x-api-key': secret })
    await call(`/path/${secret}`, { 'x-api-key': secret })
    await call('/id', { 'x-api-key': secret, 'x-request-id': secret })
    await call('/agent', { 'x-api-key': secret, 'user-agent': secret, referer: `http://a/${secret}` })
    await call(`/unknown/${secret}`, {})
    await call('/mistyped', { 'x-api-key': `${secret.slice(0, -1)}-` })
    await call('/twice', { 'x-api-key': secret, authorization: `Bearer ${secret}` })
    await call(`/bad/../${secret}`, { 'x-api-key': secret })
  }
  expect(statuses.slice(0, 10)).toEqual([200, 200, 200, 200, 200, 200, 401, 401, 400, 400])

  const { secret: late } = await project.json('keys', 'create', 'acme', '--name', 'late')
  await withoutKeys(project, async () => {
    await call('/fault', { 'x-api-key': late })
    expect(statuses.at(-1)).toBe(500)
  })
  await until('the fault is logged', () => (serve.stderr.includes('a request failed') ? true : undefined))
  while (statuses.at(-1) !== 429) await call('/limited', { 'x-api-key': late })
  await quiet('keys', 'revoke', id, '--reason', 'over')
  await quiet('keys', 'revoke', created)
  await quiet('keys', 'list')
  await quiet('keys', 'list', '--json')
  await quiet('keys', 'show', id, '--json')
  await quiet('usage', 'report', '--by', 'key')
  await quiet('usage', 'export', '--by', 'tenant,key,route', '--out', 'usage.csv')
  await until('all calls are in the usage log', async () => {
    const { total } = await project.json('usage', 'report')
    return total.refused > 0 ? total : undefined
  })
  printed.push(serve.stdout, serve.stderr)

  const bytes = everythingWritten(project, printed)
  const secrets = [created, revealed, late]
  for (const secret of secrets) expect(secret).toMatch(SECRET)
  expect(secrets.flatMap((secret) => placesOf(secret, bytes))).toEqual([])
  expect(await serve.stop()).toBe(0)
})
