import { isIP } from 'node:net'
import type { ListenAddress } from './config.ts'
import type { Parsed } from './parsed.ts'

/** Reads `host:port`, as `127.0.0.1:8080`, `[::1]:8080` or `:8080` (every address of the machine). */
export function parseListen(text: string): Parsed<ListenAddress> {
  const parts = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(text)
  const port = Number(parts?.[3])
  if (parts === null || port > 65_535) {
    const hint = /^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? `127.0.0.1:${text}` : '127.0.0.1:8080'
    return { problem: `must be an address and a port, as ${hint}, is ${JSON.stringify(text)}` }
  }
  const [, v6, host] = parts
  if (v6 !== undefined && isIP(v6) !== 6) return { problem: `${JSON.stringify(v6)} is no IPv6 address` }
  const name = v6 ?? host ?? ''
  if (v6 === undefined && name !== '' && isIP(name) === 0 && !HOST_NAME.test(name)) {
    return { problem: `${JSON.stringify(name)} is no host name` }
  }
  return { value: { host: name === '' ? '::' : name, port } }
}

/** Whether an address can be reached from this machine only. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host)
}

/** Reads the URL of an upstream: origin and optional base path, without a slash at its end. */
export function parseUpstream(text: string): Parsed<string> {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    return {
      problem: `must be a URL such as http://127.0.0.1:9000, is ${JSON.stringify(withoutPassword(text))}`,
    }
  }
  if (url.username !== '' || url.password !== '') return { problem: 'must hold no user name or password' }
  if (url.search !== '' || url.hash !== '')
    return { problem: 'must end with its path: no query, no fragment' }
  return { value: url.origin + url.pathname.replace(/\/+$/, '') }
}

/** Reads one such URL or several: each once, the same base path not required. */
export function parseUpstreams(written: string | readonly string[]): Parsed<readonly string[]> {
  const texts = typeof written === 'string' ? [written] : written
  if (texts.length === 0) return { problem: 'must list at least one URL' }
  const upstreams: string[] = []
  for (const text of texts) {
    const parsed = parseUpstream(text)
    if ('problem' in parsed) return parsed
    if (upstreams.includes(parsed.value)) return { problem: `names ${parsed.value} twice` }
    upstreams.push(parsed.value)
  }
  return { value: upstreams }
}

/** Reads a host name a client may call an api by; case does not matter. */
export function parseHost(text: string): Parsed<string> {
  const host = text.toLowerCase()
  if (isIP(host) !== 0 || HOST_NAME.test(host)) return { value: host }
  if (/:\d+$/.test(host)) return { problem: `must be a host without its port, is ${JSON.stringify(text)}` }
  if (host.includes('*'))
    return { problem: `must be one full host name, wildcards are not known, is ${text}` }
  return { problem: `must be a host name such as api.example.com, is ${JSON.stringify(text)}` }
}

/** Reads the URL of a file store, `sqlite:path/to/file.db`: the path as written. */
export function parseSqliteUrl(text: string): Parsed<string> {
  const path = /^sqlite:(?:\/\/(?=\/))?(.+)$/.exec(text)?.[1]
  if (path === ':memory:') return { problem: 'must be a file: other gatez commands open it too' }
  if (path !== undefined) return { value: path }
  const scheme = /^([a-z+]+):/i.exec(text)?.[1]
  return scheme === undefined || scheme === 'sqlite'
    ? { problem: 'must be a store such as sqlite:.gatez/gatez.db' }
    : { problem: `${scheme}: stores are not supported yet, only sqlite: here` }
}

const HOST_NAME =
  /^(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)*$/

function withoutPassword(text: string): string {
  return text.replace(/\/\/[^@/]*@/, '//***@')
}
