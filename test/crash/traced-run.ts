import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { systemClock } from '../../src/lib/clock.ts'
import { readNodeId } from '../../src/metering/node-id.ts'
import { SpoolReader } from '../../src/metering/spool-reader.ts'
import { Shipper } from '../../src/shipping/ship.ts'
import { openControlStore, openUsageLog } from '../../src/storage/open.ts'
import type { Build } from '../support/build-programs.ts'
import { storesIn } from '../support/control-store.ts'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { flowConfig } from '../support/flow-config.ts'
import { Project } from '../support/project.ts'
import { RawClient } from '../support/raw-client.ts'
import { type AnswerSent, answersSent } from '../support/strace/answers-sent.ts'
import type { SystemCall } from '../support/strace/parse-strace.ts'
import { traceServe } from '../support/strace/trace-serve.ts'
import { TracedFiles } from '../support/strace/traced-files.ts'
import { tempDir } from '../support/temp-dir.ts'
import { answerAll, ROUTES } from './answers.ts'
import type { Durability } from './scene.ts'

/** What clients ask for: each form in which an answer can end. The name begins the id of the request. */
const KINDS = {
  length: 'GET /search',
  chunked: 'GET /lookup/7',
  head: 'HEAD /search',
  none: 'GET /none',
  events: 'GET /events',
  // To HTTP/1.0 an answer without a length ends with the connection.
  old: 'GET /lookup/7',
} as const

const CONNECTIONS = 12

/** A gateway that answered some calls, seen through its system calls. */
export interface TracedRun {
  readonly project: Project
  readonly calls: readonly SystemCall[]
  /** All answers that went out whole, in order. */
  readonly answers: readonly AnswerSent[]
  /** Its data folder. */
  readonly files: TracedFiles
  /** The spool alone: enough to know what is durable before anything is shipped. */
  readonly spool: TracedFiles
}

/** Runs a gateway from its first start, with so many calls of all kinds, and lets it end. */
export async function tracedRun(durability: Durability, build: Build, count: number): Promise<TracedRun> {
  const upstream = await CountingUpstream.start()
  upstream.answer = answerAll
  const plans = { open: { limits: [{ requests: 1_000_000, per: 'day' }] } }
  const config = flowConfig({ upstreamPort: upstream.port, threads: 2, durability, routes: ROUTES, plans })
  const project = await Project.with(config, { build })
  const secret = await project.tenant('acme', 'open')
  const folder = project.path('.gatez')
  const base = new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]))
  const { calls, port } = await traceServe(project, ({ port }) => callAll(port, secret, count))
  return {
    project,
    calls,
    answers: answersSent(calls, port),
    files: new TracedFiles(calls, folder, base),
    spool: new TracedFiles(calls, folder, new Map(), (name) => name.startsWith('spool')),
  }
}

async function callAll(port: number, secret: string, count: number): Promise<void> {
  let made = 0
  const kinds = Object.entries(KINDS)
  const callInTurn = async (): Promise<void> => {
    const client = await RawClient.connect(port)
    while (made < count) {
      const [kind, wanted] = kinds[made % kinds.length]!
      const [method = '', path = ''] = wanted.split(' ')
      const headers = { 'x-api-key': secret, 'x-request-id': `${kind}-${made}` }
      made += 1
      if (kind === 'old') await callOld(port, path, headers)
      else await client.call({ method, path, headers })
    }
    client.destroy()
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, callInTurn))
}

async function callOld(port: number, path: string, headers: Readonly<Record<string, string>>): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.write(`GET ${path} HTTP/1.0\r\nhost: localhost\r\n${lines.join('')}\r\n`)
  socket.resume()
  await once(socket, 'close')
}

/** What is billed, by request id, once a gateway has started on these files. The same id twice is there twice. */
export async function billedAfter(files: ReadonlyMap<string, Buffer>): Promise<BilledAfter> {
  const folder = tempDir()
  const { stores } = storesIn(folder)
  mkdirSync(stores.dataDir)
  for (const [name, bytes] of files) writeFileSync(join(stores.dataDir, name), bytes)
  await using store = await openControlStore({ stores }, systemClock)
  await using usageLog = await openUsageLog({ stores })
  const spool = new SpoolReader(join(stores.dataDir, 'spool.db'))
  const nodeId = readNodeId(stores.dataDir)
  await new Shipper({ spool, store, usageLog, nodeId, onShipped: () => {} }).ship()
  spool.close()
  const ids: string[] = []
  for await (const event of usageLog.events({})) if (event.billable) ids.push(event.requestId)
  let inLedger = 0
  for await (const rollup of store.ledger.rollups({ fromMs: 0, toMs: Number.MAX_SAFE_INTEGER })) {
    if (rollup.billable) inLedger += rollup.requests
  }
  return { folder: stores.dataDir, ids, inLedger }
}

export interface BilledAfter {
  readonly folder: string
  readonly ids: readonly string[]
  readonly inLedger: number
}
