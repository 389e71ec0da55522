import { BlockList, isIP } from 'node:net'

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

/**
 * The one way to write an address or block, as `10.0.0.0/8` or `2001:db8::1`; undefined when `text` is none.
 *
 * An IPv4 block written inside IPv6 (`::ffff:10.0.0.0/104`) becomes the IPv4 block.
 */
export function parseIpBlock(text: string): string | undefined {
  const [address = '', prefix, ...rest] = text.trim().split('/')
  const family = isIP(address)
  if (family === 0 || address.includes('%') || rest.length > 0) return undefined
  if (prefix === undefined) return unmapped(address) ?? address
  const bits = /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN
  if (!(bits <= (family === 4 ? 32 : 128))) return undefined
  const inner = family === 6 && bits >= MAPPED_BITS ? unmapped(address) : undefined
  return inner === undefined ? `${address}/${bits}` : `${inner}/${bits - MAPPED_BITS}`
}

const MAPPED_BITS = 96
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i

/** The IPv4 address written inside an IPv6 one. */
function unmapped(address: string): string | undefined {
  return MAPPED.exec(address)?.[1]
}

/** Addresses and blocks, ready to be asked. */
class IpList {
  readonly #four = new BlockList()
  readonly #six = new BlockList()

  constructor(blocks: readonly string[]) {
    for (const block of blocks) {
      const [address = '', prefix] = block.split('/')
      const isFour = isIP(address) === 4
      const [list, family, widest] = isFour
        ? ([this.#four, 'ipv4', 32] as const)
        : ([this.#six, 'ipv6', 128] as const)
      list.addSubnet(address, prefix === undefined ? widest : Number(prefix), family)
    }
  }

  holds(ip: string): boolean {
    const [bare = ''] = ip.split('%')
    const address = unmapped(bare) ?? bare
    const family = isIP(address)
    if (family === 4) return this.#four.check(address, 'ipv4')
    // An IPv4 address may stand in an IPv6 one as hexadecimals, too: the list of IPv4 blocks knows that.
    return family === 6 && (this.#six.check(address, 'ipv6') || this.#four.check(address, 'ipv6'))
  }
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
