import { cpSync } from 'node:fs'
import type { RawAnswer } from './answer-parser.ts'
import { flowConfig } from './flow-config.ts'
import { Project } from './project.ts'
import { connectAll } from './raw-client.ts'

/** What nodes of one test share. */
export interface NodesOptions {
  readonly upstreamPort: number
  /** `stores.counters` of all. */
  readonly counters: string
  readonly plans: Readonly<Record<string, object>>
  /** Their number; all know it. */
  readonly nodes: number
  /** Tenant → plan. */
  readonly tenants: Readonly<Record<string, string>>
}

/**
 * Projects for nodes that count together, and the secret of each tenant's key.
 *
 * Each has stores of its own, with the same tenants and keys in them: only counters are shared.
 */
export async function projectsOf(options: NodesOptions) {
  const { upstreamPort, counters, plans, nodes, tenants } = options
  const config = flowConfig({ upstreamPort, threads: 2, plans })
  const gateway = { ...config.gateway, nodes }
  const first = await Project.with({ ...config, gateway, stores: { counters } })
  const secrets: Record<string, string> = {}
  for (const [tenant, plan] of Object.entries(tenants)) secrets[tenant] = await first.tenant(tenant, plan)
  const others = Array.from({ length: nodes - 1 }, () => {
    const project = new Project()
    cpSync(first.folder, project.folder, { recursive: true })
    return project
  })
  return { projects: [first, ...others] as const, first, secrets }
}

/** One call on each of `count` connections to each port, all at once. */
export async function callAll(ports: readonly number[], key: string, count: number): Promise<RawAnswer[]> {
  const clients = (await Promise.all(ports.map((port) => connectAll(port, count)))).flat()
  const answers = await Promise.all(
    clients.map((client) => client.call({ path: '/x', headers: { 'x-api-key': key } })),
  )
  for (const client of clients) client.destroy()
  return answers
}

/** How many of them have this status. */
export function countOf(answers: readonly RawAnswer[], status: number): number {
  return answers.filter((answer) => answer.status === status).length
}

/** Whether a node says that it decides without the counters it shares. */
export async function isDegraded(port: number): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${port}/gatez/health`)
  return ((await answer.json()) as { limits?: string }).limits === 'degraded'
}
