import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { Cursor } from './cursor.ts'
import type { Environment } from './environment.ts'
import { ProblemList } from './problems.ts'
import { readSource } from './source.ts'
import { rememberedUpstreamConfig } from './upstream-config.ts'

/**
 * The files that a `gatez.yaml` is read with: certificates, their keys, OpenAPI documents, the logo. Absolute paths.
 *
 * Those of a file with mistakes in it, too: what mends it may be one of them. None of what is no YAML.
 */
export function namedFiles(file: string, env: Environment): readonly string[] {
  const problems = new ProblemList(file)
  const source = readSource(textOf(file), env, problems)
  if (source === undefined) return []
  const cursor = Cursor.of(source, problems)
  const apis = cursor.field('apis').items()
  const places = [
    ...['gateway', 'control', 'portal'].flatMap((name) => inTls(cursor.field(name))),
    cursor.field('portal').field('brand').field('logo'),
    ...apis.flatMap((api) => [api.field('openapi'), ...inTls(api)]),
  ]
  const folder = dirname(resolve(file))
  return [...new Set(places.flatMap(({ text }) => (text ? [resolve(folder, text)] : [])))]
}

function inTls(place: Cursor): readonly Cursor[] {
  const tls = place.field('tls')
  return [tls.field('ca'), tls.field('cert'), tls.field('key')]
}

/** Empty when it cannot be read: who loads it says why. */
function textOf(file: string): string {
  try {
    return rememberedUpstreamConfig(file) ?? readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
