import type { PathRewrite } from '../model/route-policy.ts'
import type { Target } from './target.ts'

/**
 * The path and query that go upstream where the file gives them another form than the client used.
 *
 * Segments are put in as they stand in the normalized path, escapes and all: nothing is decoded, so nothing
 * a client sends can become a slash, a dot segment or the end of the path.
 */
export function rewritePath({ path, pathAndQuery }: Target, pattern: string, rewrite: PathRewrite): string {
  const query = pathAndQuery.slice(path.length)
  if (rewrite.kind === 'strip') {
    const rest = path.slice(rewrite.prefix.length)
    return `${rest.startsWith('/') ? '' : '/'}${rest}${query}`
  }
  const values = namedSegments(path, pattern)
  const written = rewrite.template.replaceAll(
    /\{([^}*]+)\*?\}/g,
    (_whole, name: string) => values.get(name) ?? '',
  )
  return written + query
}

/** What stands in a path where its pattern has names. */
function namedSegments(path: string, pattern: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  const segments = path.slice(1).split('/')
  for (const [index, part] of pattern.slice(1).split('/').entries()) {
    if (part.endsWith('*}')) values.set(part.slice(1, -2), segments.slice(index).join('/'))
    else if (part.startsWith('{')) values.set(part.slice(1, -1), segments[index] ?? '')
  }
  return values
}
