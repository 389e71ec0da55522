import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'vitest'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { type DiskFault, FaultyDisk } from '../support/faulty-disk.ts'
import { flowConfig } from '../support/flow-config.ts'
import { Load } from '../support/load.ts'
import { Project } from '../support/project.ts'
import { RawClient } from '../support/raw-client.ts'
import type { ServeProcess } from '../support/serve-process.ts'
import { until } from '../support/until.ts'
import { checkBill, damaged, ledgerSums } from './bill-check.ts'

/** A gateway whose disk can be made to fail, and the books of its clients. */
export interface DiskScene {
  readonly project: Project
  readonly load: Load
  readonly serve: ServeProcess
  readonly headers: Readonly<Record<string, string>>
  /** Makes the gateway's disk fail, from now on. */
  fault(what: DiskFault): Promise<FaultyDisk>
}

/** Starts a gateway of its own, with `metering` as the file has it. */
export async function diskScene(metering: Readonly<Record<string, string>> = {}): Promise<DiskScene> {
  const upstream = await CountingUpstream.start()
  const config = flowConfig({ upstreamPort: upstream.port, threads: 2, plans: { open: {} } })
  const project = await Project.with({ ...config, metering: { ...config.metering, ...metering } })
  const secret = await project.tenant('acme', 'open')
  const load = new Load({ callers: [{ tenantId: 'acme', keyId: 'k', secret }], routes: { all: '/x' } })
  const serve = await project.serve()
  const fault = (what: DiskFault) => FaultyDisk.of(serve.pid, what)
  return { project, load, serve, fault, headers: { 'x-api-key': secret } }
}

/** Calls on some connections until `work` is over. */
export async function whileCalling(
  { load, serve }: DiskScene,
  work: () => Promise<void>,
  connections = 8,
): Promise<void> {
  const running = load.run(serve, connections)
  try {
    await moreCalls(load, 50)
    await work()
  } finally {
    load.stop()
    await running
  }
}

/** Resolves once so many more calls were answered. */
export async function moreCalls(load: Load, count: number): Promise<void> {
  const before = load.received.size
  await until('calls pass', () => (load.received.size >= before + count ? true : undefined))
}

/** Resolves once a call on a connection of its own is answered with this status and code. */
export async function answers({ load, serve }: DiskScene, wanted: string, withinMs?: number): Promise<void> {
  const look = async () => {
    const client = await RawClient.connect(serve.port)
    // One that waits for the disk is given up.
    const found = await Promise.race([load.callOnce(client), pause(100)])
    client.destroy()
    return found === wanted ? true : undefined
  }
  await until(`calls are answered with ${wanted}`, look, withinMs)
}

/** Resolves once the gateway has said this in its log. */
export async function says({ serve }: DiskScene, words: string): Promise<void> {
  await until(words, () => (serve.stderr.includes(words) ? true : undefined))
}

/** Nothing may be lost, invented or twice, whatever the disk did; and the stores agree. */
export function expectBooks({ project, load }: DiskScene): void {
  const { lost, invented, twice, inFlight } = checkBill(project, load)
  expect({ lost, invented, twice, damaged: damaged(project) }).toEqual({
    ...{ lost: [], invented: [], twice: [], damaged: [] },
  })
  expect(ledgerSums(project).get('acme')).toBe(load.received.size + inFlight.length)
}
