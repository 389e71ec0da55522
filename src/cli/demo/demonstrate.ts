import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type App, openLocalApp, systemUser } from '../../app.ts'
import { writeTemplate } from '../../config/write-template.ts'
import { templatesDir } from '../../lib/bundle.ts'
import type { UsageReport } from '../../metering/usage-report.ts'
import { type Serving, serve } from '../../serve.ts'
import { type Log, openLog } from '../../telemetry/log.ts'
import { callableUrl } from '../listen-url.ts'
import { programName } from '../program-name.ts'
import { freePort } from './free-port.ts'
import { startSampleUpstream } from './sample-upstream.ts'
import { sendTraffic } from './traffic.ts'

/** How long the ledger may take to have every call; it promises a second. */
const REPORT_MS_MAX = 10_000

/**
 * Shows the whole way in a fresh folder: init, a sample API, serve, two customers, calls, the report.
 *
 * All of it runs in this process, on real sockets and real stores. What it returns goes on running until
 * it is disposed, which also removes the folder. Undefined when `signal` aborted on the way.
 */
export async function demonstrate({ print, signal }: DemoParts): Promise<Demo | undefined> {
  await using undo = new AsyncDisposableStack()
  const { folder, gateway, upstream, app, serving, ...begun } = await begin()
  undo.use(begun)
  print(`A fresh folder: ${folder}\n`)
  for (const step of ['gatez init --yes', 'node upstream.js &', 'gatez serve &']) print(`  ${step}`)

  if (signal.aborted) return undefined
  const pro = await makeCustomer(app, { id: 'acme', name: 'Acme Inc', planId: 'pro' }, print)
  const free = await makeCustomer(app, { id: 'hobby', name: 'Hobby Club', planId: 'free' }, print)
  const statuses = await sendTraffic(gateway, { pro, free }, signal)
  const calls = [...statuses.values()].reduce((sum, count) => sum + count, 0)
  print(`  … ${calls} calls: ${[...statuses].map(([status, count]) => `${count} × ${status}`).join(', ')}`)
  const report = await reportOf(app, calls, signal)
  if (report === undefined) return undefined
  print('  gatez usage report --by tenant,route')

  const pages = await makePages(app, callableUrl(serving.control))
  const running = undo.move()
  return {
    ...{ folder, gateway, upstream, pages, key: pro, calls, statuses, report, died: serving.died },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

/** Lets the operator into its pages, and a customer into the developer portal. */
async function makePages(app: App, control: string): Promise<DemoPages> {
  const operator = await app.makeOperatorLink()
  const member = await app.inviteMember({ tenant: 'acme', email: 'dev@acme.example', role: 'admin' })
  return {
    operator: `${control}/operator#${operator.token}`,
    customer: `${control}/portal/link#${member.token}`,
  }
}

/** Others may take a port between the look and the listening; then it begins again on ports that no one expects. */
async function begin(): Promise<Begun> {
  try {
    return await beginOn(await freePort(8080), await freePort(9000))
  } catch {
    return beginOn(await freePort(0), await freePort(0))
  }
}

/** A folder, the sample API and the gateway, all begun or none. */
async function beginOn(gatewayPort: number, upstreamPort: number): Promise<Begun> {
  await using undo = new AsyncDisposableStack()
  const folder = mkdtempSync(join(tmpdir(), 'gatez-demo-'))
  undo.defer(() => rmSync(folder, { recursive: true, force: true }))
  const [gateway, upstream] = [`http://127.0.0.1:${gatewayPort}`, `http://127.0.0.1:${upstreamPort}`]
  const answers = { listen: `127.0.0.1:${gatewayPort}`, upstream }
  writeTemplate({ templatesDir: templatesDir() }, { template: 'dataforge', folder, answers })
  undo.use(await startSampleUpstream(upstreamPort))
  const app = undo.use(await openLocalApp(join(folder, 'gatez.yaml')))
  const { config, clock } = app
  const serving = await serve({ config, clock, log: warningsOnly(), actor: `serve:${systemUser()}` })
  undo.defer(() => serving.stop())
  const running = undo.move()
  return { folder, gateway, upstream, app, serving, [Symbol.asyncDispose]: () => running.disposeAsync() }
}

/** What else goes well is told in words. */
function warningsOnly(): Log {
  return { ...openLog(), info: () => {} }
}

interface Begun extends AsyncDisposable {
  readonly folder: string
  readonly gateway: string
  readonly upstream: string
  readonly app: App
  readonly serving: Serving
}

export interface DemoParts {
  /** Gets what people read. */
  readonly print: (line: string) => void
  /** Aborts when the user has seen enough. */
  readonly signal: AbortSignal
}

/** A demonstration that runs. */
export interface Demo extends AsyncDisposable {
  readonly folder: string
  readonly gateway: string
  readonly upstream: string
  readonly pages: DemoPages
  /** The secret of a customer on the plan pro. */
  readonly key: string
  readonly calls: number
  /** How many answers there were of each status. */
  readonly statuses: ReadonlyMap<number, number>
  readonly report: UsageReport
  /** Resolves when the gateway ended by itself, with what ended it. */
  readonly died: Promise<unknown>
}

/** Addresses that let in once. */
export interface DemoPages {
  readonly operator: string
  /** A member of the tenant acme chooses a password and is in the developer portal. */
  readonly customer: string
}

/** What to try next, as text. */
export function demoHints({ folder, gateway, upstream, pages, key }: Demo): string {
  return `
Gateway      ${gateway}
Sample API   ${upstream}
Folder       ${folder}
Key          ${key}   (tenant acme, plan pro)

Try it:
  curl -i -H 'x-api-key: ${key}' '${gateway}/v1/search?q=ada'

Open as the operator, once (gatez tokens link makes another):
  ${pages.operator}

Open as the customer acme, once (choose a password):
  ${pages.customer}

In another terminal:
  cd ${folder}
  ${programName()} usage report --by tenant,key
  ${programName()} tui dashboard
`
}

/** Makes a tenant and a key; returns the secret. */
async function makeCustomer(
  app: App,
  tenant: { readonly id: string; readonly name: string; readonly planId: string },
  print: (line: string) => void,
): Promise<string> {
  print(`  gatez tenants create ${tenant.id} --name '${tenant.name}' --plan ${tenant.planId}`)
  await app.createTenant(tenant)
  print(`  gatez keys create ${tenant.id}`)
  return (await app.createKey({ tenant: tenant.id, mode: 'live' })).secret
}

/** The report once it holds every call: the ledger follows the gateway within a second. */
async function reportOf(app: App, calls: number, signal: AbortSignal): Promise<UsageReport | undefined> {
  const startMs = app.clock.monotonicMs()
  while (!signal.aborted) {
    const report = await app.usageReport({ by: 'tenant,route' })
    if (report.total.requests >= calls) return report
    if (app.clock.monotonicMs() - startMs > REPORT_MS_MAX) {
      throw new Error(`the report has ${report.total.requests} of ${calls} calls after 10 s`)
    }
    await pause(50)
  }
  return undefined
}
