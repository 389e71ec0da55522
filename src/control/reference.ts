import { readFileSync } from 'node:fs'
import { GatezError } from '../errors/gatez-error.ts'
import { Router } from '../gateway/router.ts'
import type { Api, Route } from '../model/api.ts'
import { DocumentProblem, type Fields, readDocument } from '../openapi/document.ts'

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'] as const

/**
 * The OpenAPI document of an api with the operations that its routes take, to be called at `server`.
 *
 * How callers prove who they are is left out: the portal does that. Where the file names no document, one is made of
 * the routes.
 */
export function referenceOf(api: Api, server: string): Readonly<Record<string, unknown>> {
  const root = api.openapi === null ? madeOf(api) : readRoot(api.openapi)
  const { security: _, servers: __, webhooks: ___, paths, components, ...rest } = root
  const router = new Router([{ ...api, hosts: [] }])
  const kept = Object.entries(fieldsOf(paths)).flatMap(([path, item]) => {
    const opened = openedOf(fieldsOf(item), (method) => 'route' in router.match('', method, sampleOf(path)))
    return opened === undefined ? [] : [[path, opened] as const]
  })
  const { securitySchemes: ____, ...parts } = fieldsOf(components)
  return { ...rest, servers: [{ url: server }], paths: Object.fromEntries(kept), components: parts }
}

function readRoot(path: string): Fields {
  try {
    return readDocument(readFileSync(path, 'utf8')).root
  } catch (cause) {
    if (!(cause instanceof DocumentProblem) && !(cause instanceof Error && 'code' in cause)) throw cause
    throw new GatezError('not-found', 'The reference of this API cannot be read at present.', { cause })
  }
}

/** The path item with the methods that are open; undefined when none is. */
function openedOf(item: Fields, isOpen: (method: string) => boolean): Fields | undefined {
  const closed = METHODS.filter((method) => !isOpen(method.toUpperCase()))
  const left = Object.entries(item).filter(([name]) => !closed.some((method) => method === name))
  const { servers: _, ...kept } = Object.fromEntries(
    left.map(([name, part]) => [name, withoutSecurity(part)]),
  )
  return METHODS.some((method) => Object.hasOwn(kept, method)) ? kept : undefined
}

function withoutSecurity(part: unknown): unknown {
  if (typeof part !== 'object' || part === null || Array.isArray(part)) return part
  const { security: _, servers: __, ...kept } = fieldsOf(part)
  return kept
}

/** A path that the template matches. */
function sampleOf(path: string): string {
  return path.replaceAll(/\{[^}]*\}/g, 'x')
}

function madeOf({ id, routes }: Api): Fields {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of routes) {
    const path = route.path.replaceAll('*}', '}')
    const methods =
      route.methods.length === 0 ? ['get', 'post'] : route.methods.map((each) => each.toLowerCase())
    for (const method of methods) paths[path] = { ...paths[path], [method]: operationOf(route, method) }
  }
  return { openapi: '3.1.0', info: { title: id, version: '1' }, paths }
}

function operationOf(route: Route, method: string): Fields {
  const names = [...route.path.matchAll(/\{(\w+)\*?\}/g)].map(([, name = '']) => name)
  return {
    operationId: `${route.id}-${method}`,
    summary: route.id,
    parameters: names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
    ...(['post', 'put', 'patch'].includes(method) && {
      requestBody: { content: { 'application/json': {} } },
    }),
    responses: { 200: { description: 'What the API answers.' } },
  }
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}
