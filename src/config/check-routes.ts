import { parseHost, parseListen, parseUpstream } from './address.ts'
import { upstreamsOf } from './check-upstreams.ts'
import type { Cursor } from './cursor.ts'
import { parseMatch, parseOwnPath, pathShape, type RouteMatch } from './match.ts'

/** Checks that no two routes answer the same requests, and that no api calls the gateway itself. */
export function checkRoutes(file: Cursor): void {
  const taken = new Map<string, Cursor>()
  for (const api of file.field('apis').items()) {
    const hosts = hostsOf(api)
    for (const route of api.field('routes').items()) {
      const match = parseMatch(route.field('match').text ?? '')
      if ('problem' in match) continue
      const { methods, path } = match.value
      for (const method of methods.length === 0 ? ['ANY'] : methods) {
        for (const host of hosts) claim(taken, `${host} ${method} ${pathShape(path)}`, route)
      }
    }
    for (const upstream of upstreamsOf(api)) checkLoop(file, upstream)
    checkOwnPaths(file, api)
  }
  const seen = new Map<string, string>()
  for (const [name, path] of Object.entries(ownPaths(file))) {
    const other = path === null ? undefined : seen.get(path)
    if (other !== undefined) file.field('gateway').field(name).refuse(`is the path of gateway.${other}, too`)
    if (path !== null) seen.set(path, name)
  }
}

/** The hosts of an api; one empty name when it answers to all. An api with hosts goes before those without. */
function hostsOf(api: Cursor): readonly string[] {
  const hosts = api
    .field('hosts')
    .items()
    .flatMap((host) => {
      const parsed = parseHost(host.text ?? '')
      return 'value' in parsed ? parsed.value : []
    })
  return hosts.length === 0 ? [''] : hosts
}

function claim(taken: Map<string, Cursor>, request: string, route: Cursor): void {
  const holder = taken.get(request)
  if (holder === undefined) {
    taken.set(request, route)
    return
  }
  if (holder === route) return
  const [mine, theirs] = [route.field('id').text ?? 'this one', holder.field('id').text ?? 'another']
  const match = route.field('match')
  match.refuse(
    `routes ${mine} and ${theirs} (line ${holder.field('match').place.line}) answer the same requests`,
  )
}

/** A route for exactly one of our paths would never be asked; one for many paths gives way on these. */
function checkOwnPaths(file: Cursor, api: Cursor): void {
  for (const [name, own] of Object.entries(ownPaths(file))) {
    for (const route of api.field('routes').items()) {
      const match = route.field('match')
      const parsed = parseMatch(match.text ?? '')
      const method = name === 'events' ? 'POST' : 'GET'
      if (own === null || 'problem' in parsed || !answers(parsed.value, method, own)) continue
      match.refuse(
        `answers ${method} ${own}, where gatez itself does (gateway.${name}: give it another path, or off)`,
      )
    }
  }
}

function ownPaths(file: Cursor): Readonly<Record<keyof typeof OWN_PATHS, string | null>> {
  const read = (name: keyof typeof OWN_PATHS): string | null => {
    const parsed = parseOwnPath(file.field('gateway').field(name).text ?? OWN_PATHS[name])
    return 'value' in parsed ? parsed.value : null
  }
  return { health: read('health'), usage: read('usage'), events: read('events') }
}

/** As the schema has them. */
const OWN_PATHS = { health: '/gatez/health', usage: '/gatez/usage', events: '/v1/events' } as const

/** Whether a route is for this method on this path, by name or by one segment of any name, and not by a rest. */
function answers({ methods, path }: RouteMatch, method: string, own: string): boolean {
  if (methods.length > 0 && !methods.includes(method)) return false
  const [pattern, segments] = [path.split('/'), own.split('/')]
  return (
    pattern.length === segments.length &&
    pattern.every((segment, index) => segment === segments[index] || /^\{[^}*]*\}$/.test(segment))
  )
}

function checkLoop(file: Cursor, upstream: Cursor): void {
  const parsed = parseUpstream(upstream.text ?? '')
  const listen = parseListen(file.field('gateway').field('listen').text ?? '127.0.0.1:8080')
  if ('problem' in parsed || 'problem' in listen) return
  const { hostname, port, protocol } = new URL(parsed.value)
  const portNumber = Number(port || (protocol === 'https:' ? 443 : 80))
  const isOurs = hostname === listen.value.host || (isLocal(hostname) && isLocal(listen.value.host))
  if (isOurs && portNumber === listen.value.port) upstream.refuse('is the address of the gateway itself')
}

function isLocal(host: string): boolean {
  return /^127\./.test(host) || ['localhost', '::', '::1', '[::1]', '0.0.0.0'].includes(host)
}
