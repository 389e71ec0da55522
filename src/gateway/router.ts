import type { Api, Route } from '../model/api.ts'

/** A route that matched, with the api it belongs to. */
export interface MatchedRoute {
  readonly api: Api
  readonly route: Route
}

/** No route, or a path that exists with other methods. */
export type RouteMiss = { readonly allow: readonly string[] }

/**
 * Finds the route of a request: api by host, then path, then method; the most specific wins.
 *
 * Segment by segment a literal goes before `{name}`, and that before `{name*}`. A route for other
 * methods does not hide a less specific one that takes the method.
 */
export class Router {
  readonly #byHost = new Map<string, Tree>()
  readonly #anyHost = new Tree()
  readonly #all: readonly MatchedRoute[]

  constructor(apis: readonly Api[]) {
    this.#all = apis.flatMap((api) => api.routes.map((route) => ({ api, route })))
    for (const api of apis) {
      for (const tree of this.#treesOf(api)) for (const route of api.routes) tree.add({ api, route })
    }
  }

  /** Every route there is, in the order of the file. */
  all(): readonly MatchedRoute[] {
    return this.#all
  }

  /** `host` is lower case, without port; `path` is normalized, without query. */
  match(host: string, method: string, path: string): MatchedRoute | RouteMiss {
    const allow: string[] = []
    const ofHost = this.#byHost.size === 0 ? undefined : this.#byHost.get(host)
    return ofHost?.find(path, method, allow) ?? this.#anyHost.find(path, method, allow) ?? { allow }
  }

  #treesOf(api: Api): Tree[] {
    if (api.hosts.length === 0) return [this.#anyHost]
    return api.hosts.map((host) => {
      const tree = this.#byHost.get(host) ?? new Tree()
      this.#byHost.set(host, tree)
      return tree
    })
  }
}

/** The routes of one host. */
class Tree {
  readonly #root = new Node()
  /** Routes without a parameter by their whole path: nothing is more specific, and one look finds them. */
  readonly #plain = new Map<string, MatchedRoute[]>()

  add(matched: MatchedRoute): void {
    add(this.#root, matched)
    const { path } = matched.route
    if (!path.includes('{')) this.#plain.set(path, [...(this.#plain.get(path) ?? []), matched])
  }

  find(path: string, method: string, allow: string[]): MatchedRoute | undefined {
    const plain = this.#plain.get(path)
    const found = plain === undefined ? undefined : pick(plain, method, [])
    return found ?? search(this.#root, path, 1, method, allow)
  }
}

class Node {
  readonly literals = new Map<string, Node>()
  param: Node | undefined
  /** Routes that end here, and those that take the rest of any path from here. */
  readonly ends: MatchedRoute[] = []
  readonly rests: MatchedRoute[] = []
}

function add(tree: Node, matched: MatchedRoute): void {
  let node = tree
  for (const segment of matched.route.path.slice(1).split('/')) {
    if (segment.startsWith('{') && segment.endsWith('*}')) {
      node.rests.push(matched)
      return
    }
    if (segment.startsWith('{')) {
      node.param ??= new Node()
      node = node.param
    } else {
      const next = node.literals.get(segment) ?? new Node()
      node.literals.set(segment, next)
      node = next
    }
  }
  node.ends.push(matched)
}

/** `start` is the first character of the segment to match; past the end when none is left. */
function search(
  node: Node,
  path: string,
  start: number,
  method: string,
  allow: string[],
): MatchedRoute | undefined {
  if (start > path.length) return pick(node.ends, method, allow)
  const slash = path.indexOf('/', start)
  const end = slash === -1 ? path.length : slash
  const segment = path.slice(start, end)
  const literal = node.literals.get(segment)
  const byLiteral = literal === undefined ? undefined : search(literal, path, end + 1, method, allow)
  if (byLiteral !== undefined) return byLiteral
  const byParam =
    node.param === undefined || segment === '' ? undefined : search(node.param, path, end + 1, method, allow)
  return byParam ?? pick(node.rests, method, allow)
}

function pick(routes: readonly MatchedRoute[], method: string, allow: string[]): MatchedRoute | undefined {
  let any: MatchedRoute | undefined
  for (const matched of routes) {
    if (matched.route.methods.includes(method)) return matched
    if (matched.route.methods.length === 0) any = matched
    else allow.push(...matched.route.methods)
  }
  return any
}
