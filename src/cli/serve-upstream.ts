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
 *
 * Also keeps the configuration, so that other commands in this folder know it.
 */
export async function welcome(
  file: string,
  { config, text }: UpstreamServing,
  welcomed: Welcomed,
): Promise<void> {
  const { print, serving } = welcomed
  rememberUpstreamConfig(file, text)
  const upstream = config.apis[0]?.upstreams[0] ?? ''
  const problem = await unreachable(upstream)
  if (problem !== undefined)
    print(`Warning: ${upstream} cannot be reached (${problem}). Calls get 502 until it can.`)

  await using app = await openLocalApp(file)
  const keys = await app.listKeys({ status: 'active' })
  const [newest] = keys
  if (newest !== undefined) {
    const count = keys.length === 1 ? 'There is a key' : `There are ${keys.length} keys, the newest`
    print(
      `\n${count}: ${newest.masked} of tenant ${newest.tenant_id}. Its secret was shown when it was made.`,
    )
    print(`→ gatez keys create ${newest.tenant_id}   makes another.\n`)
    return
  }
  const secret = await makeFirstKey(app)
  if (secret === undefined) {
    print(`\nThere is no key. → gatez tenants create acme --plan ${PLAN} && gatez keys create acme\n`)
    return
  }
  print(`\nA key of tenant ${TENANT}, on plan ${PLAN} (60 calls a minute), shown this once:\n\n  ${secret}\n`)
  print(`Try it:\n\n  curl -i -H 'x-api-key: ${secret}' ${callableUrl(serving)}/\n`)
}

export interface Welcomed {
  readonly serving: Serving
  readonly print: (line: string) => void
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
