import { BlockList, isIP, SocketAddress } from 'node:net'

/**
 * The one way to write an address or block, as `10.0.0.0/8` or `2001:db8::1`; undefined when `text` is none.
 *
 * An IPv4 block written inside IPv6 (`::ffff:10.0.0.0/104`) becomes the IPv4 block.
 */
export function parseIpBlock(text: string): string | undefined {
  const [address = '', prefix, ...rest] = text.trim().split('/')
  const plain = plainIp(address)
  if (plain === undefined || rest.length > 0) return undefined
  if (prefix === undefined) return plain
  const family = isIP(address)
  const bits = /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN
  if (!(bits <= (family === 4 ? 32 : 128))) return undefined
  if (family === isIP(plain)) return `${plain}/${bits}`
  return bits >= MAPPED_BITS ? `${plain}/${bits - MAPPED_BITS}` : `${address}/${bits}`
}

/**
 * An address in the one way it is written everywhere: IPv6 in its short form, IPv4 inside it as IPv4.
 *
 * undefined when `text` is none; one with a zone (`%eth0`) is none that others could know.
 */
export function plainIp(text: string): string | undefined {
  const family = isIP(text)
  if (family !== 6) return family === 4 ? text : undefined
  if (text.includes('%')) return undefined
  const { address } = new SocketAddress({ address: text, family: 'ipv6' })
  return unmapped(address) ?? address
}

/**
 * What is counted as one client: an IPv4 address, and of IPv6 the block of 64 bits it is in, because who
 * has one address there has all of them.
 */
export function ipNetwork(ip: string): string {
  const [address = ''] = ip.split('%')
  if (!address.includes(':')) return address
  const [front = [], back = []] = address.split('::').map((part) => (part === '' ? [] : part.split(':')))
  const gap = address.includes('::') ? GROUPS - front.length - back.length : 0
  const groups = [...front, ...Array<string>(Math.max(0, gap)).fill('0'), ...back]
  return `${groups.slice(0, GROUPS / 2).join(':')}::/64`
}

const GROUPS = 8

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
