import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { GatezError } from '../errors/gatez-error.ts'
import { RequestRules } from '../openapi/request-rules.ts'
import { checkAnchor } from './anchor.ts'
import { logoProblem } from './brand.ts'
import { buildConfig } from './build-config.ts'
import { checkBilling } from './check-billing.ts'
import { checkMeters } from './check-meters.ts'
import { checkPlaces } from './check-places.ts'
import { checkPlans } from './check-plans.ts'
import { checkPolicies } from './check-policies.ts'
import { checkReferences } from './check-references.ts'
import { checkRoutes } from './check-routes.ts'
import { checkUpgrades } from './check-upgrades.ts'
import { checkUpstreams } from './check-upstreams.ts'
import type { Config } from './config.ts'
import { Cursor } from './cursor.ts'
import type { Environment } from './environment.ts'
import { ProblemList } from './problems.ts'
import { checkShape } from './shape-problems.ts'
import { readSource } from './source.ts'
import { rememberedUpstreamConfig } from './upstream-config.ts'

/**
 * Reads and checks `gatez.yaml`; `${NAME}` in any of its texts is taken from `env`.
 *
 * Everything that is wrong is reported in one `config-invalid`, whose `extra.problems` names file, line,
 * column and path of each. Without a `gatez.yaml` holds what `serve --upstream` served last in that
 * folder; without that either: `config-missing`. What it returns is frozen and needs no further check.
 */
export function loadConfig(file: string, env: Environment): Config {
  return parseConfig(rememberedUpstreamConfig(file) ?? readText(file), { file, env })
}

/** The same for a text that is at hand; paths in it are relative to the folder of `file`. */
export function parseConfig(text: string, { file, env }: ConfigPlace): Config {
  const problems = new ProblemList(file)
  const path = resolve(file)
  const source = readSource(text, env, problems)
  if (source === undefined) throw problems.toError()

  const shape = checkShape(source, problems)
  const cursor = Cursor.of(source, problems)
  checkReferences(cursor)
  checkRoutes(cursor)
  checkPlans(cursor)
  checkUpgrades(cursor)
  checkAnchor(cursor.field('billing'))
  checkMeters(cursor)
  checkPolicies(cursor)
  checkPlaces(cursor, dirname(path))
  checkFiles(cursor, dirname(path))
  checkUpstreams(cursor, dirname(path))
  checkBilling(cursor, dirname(path))
  if (shape === undefined || !problems.isEmpty) throw problems.toError()
  return buildConfig(shape, path)
}

export interface ConfigPlace {
  /** As the user named it: messages show it like this. */
  readonly file: string
  readonly env: Environment
}

function readText(file: string): string {
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    throw new GatezError('config-missing', `${file} ${READ_FAULTS[String(code)] ?? 'cannot be read'}`, {
      cause: error,
    })
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new GatezError('config-invalid', `${file} is not UTF-8 text`, { cause: error })
  }
}

const READ_FAULTS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EISDIR: 'is a folder, not a file',
  EACCES: 'may not be read by this user',
}

function checkFiles(file: Cursor, folder: string): void {
  for (const api of file.field('apis').items()) {
    const openapi = api.field('openapi')
    if (!openapi.text) continue
    const path = resolve(folder, openapi.text)
    if (!existsSync(path)) {
      openapi.refuse(`${openapi.text} does not exist (paths are relative to the folder of this file)`)
    } else if (
      [api, ...api.field('routes').items()].some((place) => place.field('validate').value === true)
    ) {
      checkRules(openapi, path)
    }
  }
  const logo = file.field('portal').field('brand').field('logo')
  const problem = logo.text ? logoProblem(resolve(folder, logo.text)) : undefined
  if (problem !== undefined) logo.refuse(`${logo.text} ${problem}`)
}

/** What requests are checked against must be understood before the first one comes. */
function checkRules(openapi: Cursor, path: string): void {
  try {
    const rules = RequestRules.read(readFileSync(path, 'utf8'))
    if ('problem' in rules) openapi.refuse(`${openapi.text} cannot check requests: ${rules.problem}`)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    openapi.refuse(`${openapi.text} cannot be read`)
  }
}
