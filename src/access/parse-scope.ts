import { GatezError } from '../errors/gatez-error.ts'
import { didYouMean } from '../lib/closest.ts'
import { parseIpBlock } from '../model/ip-block.ts'
import type { KeyScope } from '../model/key-scope.ts'

/** What a key is to be narrowed to, in words with commas between; undefined = not narrowed. */
export interface WrittenScope {
  /** As `search,lookup`. */
  readonly routes?: string | undefined
  /** As `10.0.0.0/8,2001:db8::/32`. */
  readonly ips?: string | undefined
  /** All routes there are. */
  readonly knownRoutes: readonly string[]
}

/**
 * Reads what a key is narrowed to; throws `invalid-parameter` naming what is no route, address or block.
 *
 * A route that is not in the tenant's plan is let pass: the plan may open it tomorrow.
 */
export function parseScope({ routes, ips, knownRoutes }: WrittenScope): KeyScope {
  return {
    routes: routes === undefined ? null : wordsOf('routes', routes).map((id) => knownRoute(id, knownRoutes)),
    ips: ips === undefined ? null : wordsOf('ip', ips).map(block),
  }
}

const ENTRIES_MAX = 100

function wordsOf(field: string, text: string): readonly string[] {
  const words = [...new Set(text.split(',').map((word) => word.trim()))]
  if (words.includes('')) throw new GatezError('invalid-parameter', `${field} has an empty entry.`)
  if (words.length > ENTRIES_MAX) {
    const detail = `${field} has ${words.length} entries; a key takes at most ${ENTRIES_MAX}.`
    throw new GatezError('invalid-parameter', detail)
  }
  return words
}

function knownRoute(id: string, known: readonly string[]): string {
  if (known.includes(id)) return id
  const detail = `routes names ${JSON.stringify(id)}, which is no route${didYouMean(id, known)}: there are ${known.join(', ')}.`
  throw new GatezError('invalid-parameter', detail)
}

function block(text: string): string {
  const parsed = parseIpBlock(text)
  if (parsed !== undefined) return parsed
  const detail = `ip has ${JSON.stringify(text)}: write an address or a block, such as 203.0.113.7 or 10.0.0.0/8.`
  throw new GatezError('invalid-parameter', detail)
}
