import { followRef, isFields, type OpenApiDocument } from './document.ts'

/** The JSON types a schema allows; undefined when it names none, so any. */
export type SchemaTypes = ReadonlySet<string> | undefined

/** Which types a schema of the document allows: what tells how the text of a parameter is meant. */
export function schemaTypes(document: OpenApiDocument, schema: unknown, depth = 0): SchemaTypes {
  const fields = followRef(document, schema)
  if (!isFields(fields) || depth > DEPTH_MAX) return undefined
  const typesOf = (part: unknown) => schemaTypes(document, part, depth + 1)
  const { allOf, anyOf, oneOf } = fields
  const all = [
    ownTypes(fields.type, fields.enum, fields.const),
    ...(Array.isArray(allOf) ? allOf.map(typesOf) : []),
    ...[anyOf, oneOf].map((branches) => (Array.isArray(branches) ? union(branches.map(typesOf)) : undefined)),
  ]
  return all.reduce(intersection, undefined)
}

/** The schema of the items of a list, wherever in `schema` it stands; undefined when there is none. */
export function itemsSchema(document: OpenApiDocument, schema: unknown, depth = 0): unknown {
  const fields = followRef(document, schema)
  if (!isFields(fields) || depth > DEPTH_MAX) return undefined
  if (fields.items !== undefined && fields.items !== null) return fields.items
  for (const parts of [fields.allOf, fields.anyOf, fields.oneOf]) {
    if (!Array.isArray(parts)) continue
    const found = parts
      .map((part) => itemsSchema(document, part, depth + 1))
      .find((items) => items !== undefined)
    if (found !== undefined) return found
  }
  return undefined
}

/** Deeper than any real parameter; where a schema that leads to itself stops. */
const DEPTH_MAX = 8

function ownTypes(type: unknown, values: unknown, value: unknown): SchemaTypes {
  if (typeof type === 'string') return new Set([type])
  if (Array.isArray(type)) return new Set(type.map(String))
  if (Array.isArray(values)) return new Set(values.map(typeName))
  return value === undefined ? undefined : new Set([typeName(value)])
}

function typeName(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

function union(branches: readonly SchemaTypes[]): SchemaTypes {
  const all = new Set<string>()
  for (const types of branches) {
    if (types === undefined) return undefined
    for (const type of types) all.add(type)
  }
  return all
}

function intersection(one: SchemaTypes, other: SchemaTypes): SchemaTypes {
  if (one === undefined || other === undefined) return one ?? other
  // A whole number is a number.
  const both = [...one, ...other].filter((type) => {
    return (
      (one.has(type) || (type === 'integer' && one.has('number'))) &&
      (other.has(type) || (type === 'integer' && other.has('number')))
    )
  })
  return new Set(both)
}
