import { IpList } from './ip-block.ts'

/** What a key is narrowed to, within what its tenant's plan opens. */
export interface KeyScope {
  /** Ids of the routes it may call; null = all that the plan opens. */
  readonly routes: readonly string[] | null
  /** Addresses and CIDR blocks it may call from, as `parseIpBlock` writes them; null = from anywhere. */
  readonly ips: readonly string[] | null
}

/**
 * Whether a key may make this call, as far as its own scope goes.
 *
 * `ip` is the address of the client as the socket gives it: an IPv4 address inside an IPv6 one counts as
 * the IPv4 address, a zone (`%eth0`) is left out. What is no address matches no list.
 */
export function keyAllows(scope: KeyScope, call: ScopedCall): boolean {
  if (scope.routes !== null && !scope.routes.includes(call.routeId)) return false
  return scope.ips === null || listOf(scope.ips).holds(call.ip)
}

export interface ScopedCall {
  readonly routeId: string
  readonly ip: string
}

// A list is read for every call of its key and never changes, so it is worked out once.
const lists = new WeakMap<readonly string[], IpList>()

function listOf(ips: readonly string[]): IpList {
  const known = lists.get(ips)
  if (known !== undefined) return known
  const list = new IpList(ips)
  lists.set(ips, list)
  return list
}
