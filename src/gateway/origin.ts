import { IpList, plainIp, unmapped } from '../model/ip-block.ts'
import type { RequestHead } from './request-head.ts'

/** Where a call comes from, as far as it can be believed. */
export interface Origin {
  /** The address of the client: of who connected, or whom a trusted proxy names. */
  readonly ip: string
  /** The client and the trusted proxies it came through, first to last: the last one is connected. */
  readonly chain: readonly string[]
  /** The host name and the scheme the client used. */
  readonly host: string
  readonly proto: 'http' | 'https'
}

/** Whose word on where a call comes from is believed. */
export interface Trust {
  readonly proxies: IpList
  readonly forwardedBy: 'x-forwarded-for' | 'forwarded'
}

/** The trust that `gateway.trusted_proxies` asks for; undefined when nobody is trusted. */
export function trustIn(blocks: readonly string[], forwardedBy: Trust['forwardedBy']): Trust | undefined {
  return blocks.length === 0 ? undefined : { proxies: new IpList(blocks), forwardedBy }
}

/**
 * Reads where a call comes from.
 *
 * From right to left each address was written by the one to its right: as long as that one is trusted,
 * the address is believed, and what stands further left may be anybody's invention. Only the one field
 * that the proxies are known to write is read; others pass through them as the client sent them.
 */
export function readOrigin(head: RequestHead, connection: ConnectionEnd, trust: Trust | undefined): Origin {
  const { address, proto } = connection
  if (trust === undefined || !trust.proxies.holds(address)) {
    return { ip: address, chain: [address], host: head.host, proto }
  }
  return trust.forwardedBy === 'forwarded'
    ? fromForwarded(head, connection, trust)
    : fromList(head, connection, trust)
}

/** The other end of a connection, and how it speaks. */
export interface ConnectionEnd {
  readonly address: string
  readonly proto: 'http' | 'https'
}

/** The address of a peer as it is written everywhere else: an IPv4 one inside IPv6 as IPv4. */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return ''
  return address.startsWith('::') ? (unmapped(address) ?? address) : address
}

/** The value of `Forwarded` (RFC 7239) for an upstream. */
export function forwardedValue({ chain, host, proto }: Origin): string {
  const [client = '', ...proxies] = chain
  const first = `for=${forwardedNode(client)};host="${host}";proto=${proto}`
  return proxies.length === 0 ? first : [first, ...proxies.map((ip) => `for=${forwardedNode(ip)}`)].join(', ')
}

function forwardedNode(ip: string): string {
  return ip.includes(':') ? `"[${ip}]"` : ip
}

/** Addresses a chain is followed over, at most. */
const HOPS_MAX = 32

function fromList(head: RequestHead, { address, proto }: ConnectionEnd, { proxies }: Trust): Origin {
  const chain = [address]
  for (const entry of (head.forwardedFor ?? '').split(',').slice(-HOPS_MAX).toReversed()) {
    const ip = readAddress(entry.trim())
    if (ip === undefined) break
    chain.unshift(ip)
    if (!proxies.holds(ip)) break
  }
  const said = lastOf(head.forwardedProto).toLowerCase()
  const host = lastOf(head.forwardedHost)
  return {
    ip: chain[0] ?? address,
    chain,
    host: HOST.test(host) ? host : head.host,
    proto: said === 'http' || said === 'https' ? said : proto,
  }
}

function fromForwarded(head: RequestHead, { address, proto }: ConnectionEnd, { proxies }: Trust): Origin {
  const chain = [address]
  let [host, scheme] = [head.host, proto]
  for (const element of splitQuoted(head.forwarded ?? '', ',').slice(0, HOPS_MAX)) {
    const pairs = readPairs(element)
    const saidHost = pairs.get('host') ?? ''
    const said = pairs.get('proto')?.toLowerCase()
    if (HOST.test(saidHost)) host = saidHost
    if (said === 'http' || said === 'https') scheme = said
    const ip = readAddress(pairs.get('for') ?? '')
    if (ip === undefined) break
    chain.unshift(ip)
    if (!proxies.holds(ip)) break
  }
  return { ip: chain[0] ?? address, chain, host, proto: scheme }
}

/** An address, which may carry a port, and brackets when it is IPv6; undefined when it is none. */
function readAddress(text: string): string | undefined {
  const bare = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(text)?.[1] ?? /^([\d.]+):\d{1,5}$/.exec(text)?.[1] ?? text
  return plainIp(bare)
}

/** The parameters of an element; none when it is malformed or one is given twice. */
function readPairs(element: string): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>()
  for (const pair of splitQuoted(element, ';')) {
    if (/^\s*$/.test(pair)) continue
    const [, name = '', quoted, plain] = /^\s*([\w-]+)=(?:"((?:\\.|[^"\\])*)"|([^\s"]*))\s*$/.exec(pair) ?? []
    if (name === '' || pairs.has(name.toLowerCase())) return NO_PAIRS
    pairs.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '')
  }
  return pairs
}

const NO_PAIRS: ReadonlyMap<string, string> = new Map()

/**
 * Splits at a character, but not within quotes; the last part comes first.
 *
 * Read from its end, because what stands there was written last: a quote that a client opened further
 * left, and never closed, must not take in what its proxy wrote behind it.
 */
function splitQuoted(text: string, at: ',' | ';'): readonly string[] {
  const parts: string[] = []
  let end = text.length
  let isQuoted = false
  for (let index = end - 1; index >= 0; index -= 1) {
    const char = text[index]
    if (char === '"') {
      if (!isQuoted || !isEscaped(text, index)) isQuoted = !isQuoted
    } else if (char === at && !isQuoted) {
      parts.push(text.slice(index + 1, end))
      end = index
    }
  }
  parts.push(text.slice(0, end))
  return parts
}

/** Whether an odd number of backslashes stands before a character. */
function isEscaped(text: string, index: number): boolean {
  let first = index
  while (first > 0 && text[first - 1] === '\\') first -= 1
  return (index - first) % 2 === 1
}

/** Each proxy may have added its own word at the end. */
function lastOf(list: string | undefined): string {
  return list === undefined ? '' : list.slice(list.lastIndexOf(',') + 1).trim()
}

const HOST = /^(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/
