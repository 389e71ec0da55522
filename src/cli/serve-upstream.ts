import { existsSync } from 'node:fs'
import { type App, openLocalApp } from '../app.ts'
import type { Config } from '../config/config.ts'
import type { Environment } from '../config/environment.ts'
import { parseConfig } from '../config/load-config.ts'
import { rememberUpstreamConfig, upstreamConfig } from '../config/upstream-config.ts'
import { GatezError } from '../errors/gatez-error.ts'
import { templatesDir } from '../lib/bundle.ts'
import type { Serving } from '../serve.ts'
import { unreachable } from '../upkeep/reach-upstream.ts'
import { callableUrl } from './listen-url.ts'

/** The tenant that owns the first key, and its plan. */
const TENANT = 'default'
const PLAN = 'default'

/** What `gatez serve --upstream URL` serves, and its text. */
export interface UpstreamServing {
  readonly config: Config
  readonly text: string
}

/**
 * The configuration for one API without a file. Throws `invalid-parameter`: for a URL that will not do,
 * and where there is a file, since only one of the two can be meant.
 */
export function configForUpstream(
  file: string,
  written: { readonly upstream: string; readonly listen: string | undefined },
  env: Environment,
): UpstreamServing {
  const text = upstreamConfig({ templatesDir: templatesDir() }, written)
  if (existsSync(file)) {
    throw new GatezError(
      'invalid-parameter',
      `--upstream ${written.upstream} is for a folder without a file, and here is ${file}: set upstream in ` +
        'it and type gatez serve, or use another folder.',
    )
  }
  return { config: parseConfig(text, { file, env }), text }
}

/**
 * Says how to call a gateway that just began: with the one key of a tenant that is made for it, or with
 * the keys that are there from before, whose secrets nobody can show again.
 */
export class Welcome {
  readonly #file: string
  readonly #alone: UpstreamServing
  readonly #print: (line: string) => void
  #secret: string | undefined

  constructor(file: string, alone: UpstreamServing, print: (line: string) => void) {
    this.#file = file
    this.#alone = alone
    this.#print = print
  }

  /**
   * Shows the key, before calls are taken: who waits for the gateway has read it when it answers.
   *
   * Also keeps the configuration, so that other commands in this folder know it.
   */
  async showKey(): Promise<void> {
    rememberUpstreamConfig(this.#file, this.#alone.text)
    await using app = await openLocalApp(this.#file)
    const keys = await app.listKeys({ status: 'active' })
    const [newest] = keys
    if (newest !== undefined) {
      const count = keys.length === 1 ? 'There is a key' : `There are ${keys.length} keys, the newest`
      this.#print(
        `${count}: ${newest.masked} of tenant ${newest.tenant_id}. Its secret was shown when it was made.`,
      )
      this.#print(`→ gatez keys create ${newest.tenant_id}   makes another.\n`)
      return
    }
    this.#secret = await makeFirstKey(app)
    this.#print(
      this.#secret === undefined
        ? `There is no key. → gatez tenants create acme --plan ${PLAN} && gatez keys create acme\n`
        : `A key of tenant ${TENANT}, on plan ${PLAN} (60 calls a minute), shown this once:\n\n  ${this.#secret}\n`,
    )
  }

  /** Shows a first call with that key, and whether it would reach anything. */
  async showCall(serving: Serving): Promise<void> {
    const upstream = this.#alone.config.apis[0]?.upstreams[0] ?? ''
    const problem = await unreachable(upstream)
    if (problem !== undefined)
      this.#print(`Warning: ${upstream} cannot be reached (${problem}). Calls get 502 until it can.`)
    if (this.#secret === undefined) return
    this.#print(`\nTry it:\n\n  curl -i -H 'x-api-key: ${this.#secret}' ${callableUrl(serving)}/\n`)
  }
}

/** Undefined when the operator had the tenant and deleted it: its id is never used again. */
async function makeFirstKey(app: App): Promise<string | undefined> {
  const tenants = await app.listTenants()
  if (!tenants.some(({ id }) => id === TENANT)) {
    try {
      await app.createTenant({ id: TENANT, name: 'Default', planId: PLAN })
    } catch (error) {
      if (error instanceof GatezError && error.code === 'already-exists') return undefined
      throw error
    }
  }
  const { secret } = await app.createKey({ tenant: TENANT, mode: 'live' })
  return secret
}
