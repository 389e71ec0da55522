import { writeFileSync } from 'node:fs'
import { CountingUpstream } from './counting-upstream.ts'
import { Project } from './project.ts'
import { runCli } from './run-cli.ts'
import type { ServeProcess } from './serve-process.ts'
import { until } from './until.ts'

export const PASSWORD = 'correct horse battery'
const DAY_MS = 86_400_000

/** A running gatez with the portal open to everybody: the template DataForge, on free ports. */
export class PortalScene {
  readonly project: Project
  readonly upstream: CountingUpstream
  #serve: ServeProcess | undefined
  #offsetMs = 0

  private constructor(project: Project, upstream: CountingUpstream) {
    this.project = project
    this.upstream = upstream
  }

  static async make(portal: object = {}): Promise<PortalScene> {
    const upstream = await CountingUpstream.start()
    const project = await Project.ofTemplate(upstream.port, 1)
    const all = { sign_up: 'open', sign_up_plan: 'pro', brand: { name: 'DataForge' }, ...portal }
    project.changeConfig(
      (text) => `${text}\ncontrol: { listen: "127.0.0.1:0" }\nportal: ${JSON.stringify(all)}\n`,
    )
    return new PortalScene(project, upstream)
  }

  /** Starts gatez, or starts it again, with a clock that is `days` behind. */
  async serve(days = 0): Promise<void> {
    await this.#serve?.stop()
    this.#offsetMs = -days * DAY_MS
    this.#serve = await this.project.serve(this.env)
    await until('control listens', () => this.#serve?.controlPort || undefined)
  }

  /** What commands are run with, so that they have the same time. */
  get env(): Record<string, string> {
    return this.#offsetMs === 0 ? {} : { GATEZ_CLOCK: String(this.#offsetMs) }
  }

  /** Runs a command by the time of the gateway, and returns what it printed as JSON. */
  async json(...argv: string[]): Promise<any> {
    const { folder, entry } = this.project
    const { stdout, stderr, exitCode } = await runCli([...argv, '--json'], {
      cwd: folder,
      entry,
      env: this.env,
    })
    if (exitCode !== 0) throw new Error(`gatez ${argv.join(' ')} ended with ${exitCode}: ${stdout}${stderr}`)
    return JSON.parse(stdout)
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#serve?.controlPort}`
  }

  get gateway(): string {
    return `http://127.0.0.1:${this.#serve?.port}`
  }

  get running(): ServeProcess | undefined {
    return this.#serve
  }

  /** The link in the newest mail to this address, as a path of the portal. */
  mailedLink(email: string): Promise<string> {
    const look = async () => {
      const { mails } = await this.project.json('mail', 'list')
      const mail = (mails as any[]).filter(({ to }) => to.includes(email)).at(-1)
      return /\/portal(\/link#[\w-]+)/.exec(mail?.text ?? '')?.[1]
    }
    return until(`mail to ${email}`, look, 60_000)
  }

  /** Calls the gateway, one call after the other; resolves to the statuses. */
  async call(secret: string, paths: readonly string[]): Promise<number[]> {
    const statuses: number[] = []
    for (const path of paths) {
      const answer = await fetch(`${this.gateway}${path}`, { headers: { 'x-api-key': secret } })
      await answer.arrayBuffer()
      statuses.push(answer.status)
    }
    return statuses
  }

  /** A member who can sign in with `PASSWORD`. */
  async member(tenant: string, email: string, role = 'admin'): Promise<void> {
    const { token } = await this.project.json('tenants', 'invite', tenant, email, '--role', role)
    const answer = await fetch(`${this.origin}/api/portal/v1/session/link`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token, password: PASSWORD }),
    })
    if (!answer.ok) throw new Error(await answer.text())
  }

  writeFile(name: string, text: string): void {
    writeFileSync(this.project.path(name), text)
  }
}
