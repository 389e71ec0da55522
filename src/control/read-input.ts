import { z } from '@hono/zod-openapi'
import { GatezError } from '../errors/gatez-error.ts'
import { didYouMean } from '../lib/closest.ts'
import { type Operation, pathNames, restPlace } from './operation.ts'

/** The largest body that is read; of an upload the largest that is taken. */
const BODY_BYTES_MAX = 1024 * 1024
const LARGE_BODY_BYTES_MAX = 20 * 1024 * 1024

/** Operations that take a file within their body. */
const LARGE_BODIES: readonly string[] = ['importKeys', 'explainUsage', 'explainEvents']

/** What a request carries, before it is looked at. */
export interface RawRequest {
  readonly request: Request
  /** Decoded. */
  readonly params: Readonly<Record<string, string>>
}

/**
 * Reads what is asked and checks all of it: fields there are, their form, and that every text is one that
 * every store can keep. Throws `invalid-parameter` naming each field that is wrong.
 */
export async function readInput(
  operation: Operation,
  { request, params }: RawRequest,
): Promise<Record<string, unknown>> {
  const names = pathNames(operation.path)
  const inPath = Object.fromEntries(names.map((name) => [name, params[name] ?? '']))
  // What follows the path of a call that is asked about belongs to that call.
  const query = operation.anyMethod ? {} : queryOf(new URL(request.url).searchParams)
  const place = restPlace(operation)
  const rest = place === 'query' ? query : await bodyOf(operation, request)
  const known = Object.keys(operation.input.shape).filter((name) => !names.includes(name))
  refuseUnknown(Object.keys(rest), known, place === 'query' ? 'query' : 'body')
  if (place === 'body') refuseUnknown(Object.keys(query), [], 'query')
  const raw = { ...rest, ...inPath }
  refuseUnkeepable(raw, '')
  const parsed = operation.input.safeParse(raw)
  if (parsed.success) return parsed.data
  throw invalid(parsed.error.issues)
}

/** Reads a body whole, at most so many bytes; throws `body-too-large`. */
async function readBytes(request: Request, bytesMax: number): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  if (request.body !== null) {
    for await (const piece of request.body) {
      bytes += piece.length
      if (bytes > bytesMax) {
        throw new GatezError('body-too-large', `The body is larger than ${bytesMax} bytes.`)
      }
      pieces.push(piece)
    }
  }
  return Buffer.concat(pieces)
}

async function bodyOf(operation: Operation, request: Request): Promise<Readonly<Record<string, unknown>>> {
  const bytesMax = LARGE_BODIES.includes(operation.id) ? LARGE_BODY_BYTES_MAX : BODY_BYTES_MAX
  if (Number(request.headers.get('content-length') ?? 0) > bytesMax) {
    throw new GatezError('body-too-large', `The body is larger than ${bytesMax} bytes.`)
  }
  const bytes = await readBytes(request, bytesMax)
  if (bytes.length === 0) return {}
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? ''
  if (type !== 'application/json' && !type.endsWith('+json')) {
    throw new GatezError(
      'unsupported-media-type',
      `The body is ${type || 'of no type'}; send application/json.`,
    )
  }
  const value = parseJson(bytes)
  if (isObject(value)) return value
  throw new GatezError('invalid-parameter', 'The body must be a JSON object, as {"name": "…"}.')
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new GatezError('invalid-json', 'The body is not well-formed JSON in UTF-8.', { cause })
  }
}

function queryOf(query: URLSearchParams): Readonly<Record<string, string>> {
  const twice = [...query.keys()].find((name, index, names) => names.indexOf(name) !== index)
  if (twice !== undefined) {
    throw new GatezError('invalid-parameter', `The query has ${shown(twice)} more than once.`)
  }
  return Object.fromEntries(query)
}

function refuseUnknown(given: readonly string[], known: readonly string[], place: string): void {
  const odd = given.find((name) => !known.includes(name))
  if (odd === undefined) return
  const there = known.length === 0 ? 'it takes none' : `there are ${known.join(', ')}`
  const detail = `The ${place} has ${shown(odd)}, which is not known${didYouMean(odd, known)}: ${there}.`
  throw new GatezError('invalid-parameter', detail, { extra: { errors: [{ field: odd.slice(0, 200) }] } })
}

/** No store keeps NUL, and half of a surrogate pair is no text. */
function refuseUnkeepable(value: unknown, path: string, depth = 0): void {
  if (depth > DEPTH_MAX) throw new GatezError('invalid-parameter', `${path} is nested too deep.`)
  if (typeof value === 'string') {
    if (value.isWellFormed() && !value.includes('\0')) return
    throw new GatezError('invalid-parameter', `${path} holds a NUL or half of a character.`)
  }
  if (Array.isArray(value)) {
    for (const [index, part] of value.entries()) refuseUnkeepable(part, `${path}[${index}]`, depth + 1)
  } else if (isObject(value)) {
    for (const [name, part] of Object.entries(value)) {
      refuseUnkeepable(name, path === '' ? 'a name' : path, depth)
      refuseUnkeepable(part, path === '' ? name : `${path}.${name}`, depth + 1)
    }
  }
}

const DEPTH_MAX = 32

function invalid(issues: readonly z.core.$ZodIssue[]): GatezError {
  const errors = issues.slice(0, 20).map(({ path, message }) => ({
    field: z.core.toDotPath(path),
    message,
  }))
  const [first] = errors
  const detail = `${first?.field}: ${first?.message}.`.replace('..', '.')
  return new GatezError('invalid-parameter', detail, { extra: { errors } })
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 100))
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
