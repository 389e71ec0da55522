import { didYouMean } from '../lib/closest.ts'
import type { LimitScope } from '../model/plan.ts'
import type { Parsed } from './parsed.ts'

/** What a scope may look like, as the end of "`scope` …". */
export const SCOPE_RULE = 'must be tenant, key, route, [tenant, route] or [key, route]'

/**
 * Reads whose calls share a counter: one word, or a list.
 *
 * A counter always belongs to one tenant, so `route` and `[tenant, route]` are the same.
 */
export function parseScope(written: string | readonly string[]): Parsed<LimitScope> {
  const parts = typeof written === 'string' ? [written] : written
  const scope = SCOPES[parts.toSorted().join(' ')]
  if (scope !== undefined) return { value: scope }
  const unknown = parts.find((part) => !WORDS.includes(part))
  if (unknown !== undefined) {
    return { problem: `${SCOPE_RULE}, has ${JSON.stringify(unknown)}${didYouMean(unknown, WORDS)}` }
  }
  return { problem: `${SCOPE_RULE}, is [${parts.join(', ')}]` }
}

const WORDS = ['tenant', 'key', 'route']

/** By their words in the order of the alphabet. */
const SCOPES: Readonly<Record<string, LimitScope>> = {
  tenant: 'tenant',
  key: 'key',
  route: 'route',
  'route tenant': 'route',
  'key route': 'key-route',
}
