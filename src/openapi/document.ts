import { parseDocument } from 'yaml'

/** An OpenAPI document as plain data. */
export interface OpenApiDocument {
  readonly version: '3.0' | '3.1'
  readonly root: Fields
}

export type Fields = Readonly<Record<string, unknown>>

/** Thrown while a document is read, caught where reading began: the message is for the operator. */
export class DocumentProblem extends Error {
  override readonly name = 'DocumentProblem'
  /** Whether the message names the operation or path it is about. */
  isPlaced = false

  /** The same problem with its place in front. */
  at(place: string): DocumentProblem {
    const placed = new DocumentProblem(`${place}: ${this.message}`, { cause: this.cause })
    placed.isPlaced = true
    return placed
  }
}

/**
 * Reads OpenAPI 3.0 or 3.1 from YAML or JSON.
 *
 * Throws a `DocumentProblem` for anything else, also for YAML whose aliases multiply.
 */
export function readDocument(text: string): OpenApiDocument {
  const root = text.trimStart().startsWith('{') ? (fromJson(text) ?? fromYaml(text)) : fromYaml(text)
  if (!isFields(root)) throw new DocumentProblem('the document must be an object with the field openapi')
  if (root.swagger !== undefined) {
    throw new DocumentProblem('the document is Swagger 2; only OpenAPI 3.0 and 3.1 are understood')
  }
  const version = /^3\.[01](?=\.|$)/.exec(String(root.openapi))?.[0]
  if (version === undefined) throw new DocumentProblem('the field openapi must be 3.0 or 3.1')
  return { version: version === '3.0' ? '3.0' : '3.1', root }
}

/** What `value` stands for: itself, or what its `$ref` leads to, through further ones if need be. */
export function followRef(document: OpenApiDocument, value: unknown): unknown {
  let found = value
  for (let hops = 0; hops < HOPS_MAX; hops += 1) {
    if (!isFields(found) || typeof found.$ref !== 'string') return found
    found = lookUp(document, found.$ref)
  }
  throw new DocumentProblem('a $ref leads back to itself')
}

/** What stands at a `$ref`, which must be a JSON pointer into this document: nothing else is read. */
export function lookUp(document: OpenApiDocument, ref: string): unknown {
  if (!ref.startsWith('#')) {
    throw new DocumentProblem(
      `the $ref ${ref} leads out of the document; put what it names under components and refer to that`,
    )
  }
  const parts = pointerParts(ref)
  let found: unknown = document.root
  for (const part of parts ?? []) {
    const inside = typeof found === 'object' && found !== null && Object.hasOwn(found, part)
    found = inside ? new Map(Object.entries(found ?? {})).get(part) : undefined
  }
  if (parts === undefined || found === undefined || found === null) {
    throw new DocumentProblem(`the $ref ${ref} leads nowhere`)
  }
  return found
}

/** Whether a value is an object with names, as against a list. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** As a name in a JSON pointer is written. */
export function pointerName(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}

/** More references in a row than any real document has. */
const HOPS_MAX = 32

/** How far aliases may multiply what a file holds. */
const ALIASES_MAX = 1000

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // A flow mapping of YAML begins alike.
    return undefined
  }
}

function fromYaml(text: string): unknown {
  const document = parseDocument(text, { merge: true })
  const [error] = document.errors
  if (error !== undefined) {
    const [line = ''] = error.message.split('\n')
    throw new DocumentProblem(`the document is not well-formed YAML or JSON: ${line.replace(/:$/, '')}`)
  }
  try {
    return document.toJS({ maxAliasCount: ALIASES_MAX })
  } catch (cause) {
    if (!(cause instanceof ReferenceError)) throw cause
    throw new DocumentProblem('the aliases of the document cannot be resolved', { cause })
  }
}

/** Undefined for a pointer that is not well-formed. */
function pointerParts(ref: string): readonly string[] | undefined {
  if (!ref.startsWith('#/')) return undefined
  try {
    return decodeURIComponent(ref.slice(2))
      .split('/')
      .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
  } catch {
    return undefined
  }
}
