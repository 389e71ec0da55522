import { BlockList, isIP } from 'node:net'

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

/** The IPv4 address written inside an IPv6 one; undefined when there is none. */
export function unmapped(address: string): string | undefined {
  return MAPPED.exec(address)?.[1]
}

/** Addresses and blocks, ready to be asked. */
export class IpList {
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

  /** Whether an address, as a socket gives it, is one of these or in a block of these. */
  holds(ip: string): boolean {
    const [bare = ''] = ip.split('%')
    const address = unmapped(bare) ?? bare
    const family = isIP(address)
    if (family === 4) return this.#four.check(address, 'ipv4')
    // An IPv4 address may stand in an IPv6 one as hexadecimals, too: the list of IPv4 blocks knows that.
    return family === 6 && (this.#six.check(address, 'ipv6') || this.#four.check(address, 'ipv6'))
  }
}
