import {
  DocumentProblem,
  type Fields,
  followRef,
  isFields,
  lookUp,
  type OpenApiDocument,
} from './document.ts'

/** A schema as the checks take it: draft 2020-12 and the two keywords below, references by id. */
export type Converted = Fields | boolean

/** Counts one step of a check, so that a check can be ended. */
export const STEP = 'x-gatez-step'

/** Fails, and gives the reason it is set to. */
export const NEVER = 'x-gatez-never'

/**
 * Turns schemas of a document into schemas that can be compiled without the document.
 *
 * Only what a request can break is kept: notes, examples, `discriminator`, `xml` and the like go. What
 * `$ref` names becomes a definition of its own, converted once, so recursive schemas work. `null` passes
 * wherever 3.0 says `nullable`, also beside `$ref`, `allOf` and `enum`: that is what its authors mean.
 */
export class SchemaConverter {
  readonly #document: OpenApiDocument
  readonly #keywords: ReadonlyMap<string, Kind>
  readonly #ids = new Map<string, string>()
  #pending: { readonly id: string; readonly target: unknown }[] = []

  constructor(document: OpenApiDocument) {
    this.#document = document
    this.#keywords = document.version === '3.0' ? KEYWORDS : new Map([...KEYWORDS, ...KEYWORDS_31])
  }

  convert(schema: unknown): Converted {
    if (schema === true) return true
    if (schema === false) return never('given')
    if (!isFields(schema)) throw new DocumentProblem('a schema must be an object')
    const converted = this.#converted(schema)
    return this.#is30 && schema.nullable === true ? unlessNull(converted) : converted
  }

  /** The definitions that the schemas converted so far refer to, each of them given once. */
  takeDefinitions(): readonly { readonly id: string; readonly schema: Converted }[] {
    const taken: { id: string; schema: Converted }[] = []
    for (let next = this.#pending.pop(); next !== undefined; next = this.#pending.pop()) {
      taken.push({ id: next.id, schema: this.convert(next.target) })
    }
    return taken
  }

  get #is30(): boolean {
    return this.#document.version === '3.0'
  }

  #converted(schema: Fields): Converted {
    if (typeof schema.$dynamicRef === 'string') {
      throw new DocumentProblem(`the $dynamicRef ${schema.$dynamicRef} is not understood; use $ref`)
    }
    if (typeof schema.$ref !== 'string') return this.#withoutRef(schema, [])
    const target = { $ref: this.#idOf(schema.$ref) }
    const hasMore = Object.keys(schema).some((keyword) => this.#keywords.has(keyword))
    return this.#is30 || !hasMore ? target : this.#withoutRef(schema, [target])
  }

  #withoutRef(schema: Fields, all: readonly Converted[]): Converted {
    const fields = new Map<string, unknown>()
    for (const [keyword, value] of Object.entries(schema)) {
      const kind = this.#keywords.get(keyword)
      // A field with nothing behind its colon is YAML for a field that is not there.
      if (kind === undefined || (value === null && keyword !== 'const')) continue
      fields.set(keyword, this.#value(keyword, kind, value))
    }
    convertLimits(fields)
    const required = this.#requiredOfRequests(schema)
    if (required !== undefined) fields.set('required', required)
    const allOf = [...listOf(fields.get('allOf')), ...all, ...takeOpaque(fields, schema)]
    if (allOf.length > 0) fields.set('allOf', allOf)
    return fields.size === 0 ? true : { ...Object.fromEntries(fields), [STEP]: true }
  }

  #value(keyword: string, kind: Kind, value: unknown): unknown {
    if (kind === 'data') return value
    if (kind === 'schema') return this.convert(value)
    if (kind === 'schemas') {
      if (!Array.isArray(value)) throw new DocumentProblem(`${keyword} must be a list of schemas`)
      return value.map((part) => this.convert(part))
    }
    if (!isFields(value)) throw new DocumentProblem(`${keyword} must be an object of schemas`)
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, this.convert(part)]))
  }

  /** What only answers hold, a request need not: a property that is required and `readOnly`. */
  #requiredOfRequests(schema: Fields): readonly unknown[] | undefined {
    const { required, properties } = schema
    if (!Array.isArray(required) || !isFields(properties)) return undefined
    const schemas = new Map(Object.entries(properties))
    return required.filter((name) => !this.#isReadOnly(schemas.get(name)))
  }

  #isReadOnly(schema: unknown): boolean {
    if (!isFields(schema)) return false
    if (schema.readOnly === true) return true
    const target = followRef(this.#document, schema)
    return isFields(target) && target.readOnly === true
  }

  #idOf(ref: string): string {
    const known = this.#ids.get(ref)
    if (known !== undefined) return known
    const id = `s${this.#ids.size}`
    this.#ids.set(ref, id)
    this.#pending.push({ id, target: lookUp(this.#document, ref) })
    return id
  }
}

type Kind = 'data' | 'schema' | 'schemas' | 'map'

const KEYWORDS: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ...['type', 'enum', 'format', 'pattern', 'minLength', 'maxLength', 'multipleOf'].map(asData),
  ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'required'].map(asData),
  ...['minItems', 'maxItems', 'uniqueItems', 'minProperties', 'maxProperties'].map(asData),
  ...['items', 'not', 'additionalProperties'].map(asSchema),
  ['allOf', 'schemas'],
  ['anyOf', 'schemas'],
  ['oneOf', 'schemas'],
  ['properties', 'map'],
])

const KEYWORDS_31: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ...['const', 'minContains', 'maxContains', 'dependentRequired'].map(asData),
  ...['contains', 'propertyNames', 'unevaluatedItems', 'unevaluatedProperties'].map(asSchema),
  ...['if', 'then', 'else'].map(asSchema),
  ['prefixItems', 'schemas'],
  ['patternProperties', 'map'],
  ['dependentSchemas', 'map'],
])

function asData(keyword: string): [string, Kind] {
  return [keyword, 'data']
}

function asSchema(keyword: string): [string, Kind] {
  return [keyword, 'schema']
}

/** In 3.0 `exclusiveMinimum` says how `minimum` is meant. Later it is a limit of its own, but many still mix. */
function convertLimits(fields: Map<string, unknown>): void {
  for (const side of ['Minimum', 'Maximum'] as const) {
    const exclusive = fields.get(`exclusive${side}`)
    if (typeof exclusive !== 'boolean') continue
    const limit = fields.get(side.toLowerCase())
    fields.delete(`exclusive${side}`)
    if (!exclusive || limit === undefined) continue
    fields.delete(side.toLowerCase())
    fields.set(`exclusive${side}`, limit)
  }
}

/**
 * Takes out the keywords whose inner faults would mislead, and gives schemas that tell one fault instead.
 *
 * Nobody needs the faults of five forms when one of them was meant. Inside `if` nothing is told.
 */
function takeOpaque(fields: Map<string, unknown>, schema: Fields): readonly Converted[] {
  const taken: Converted[] = []
  for (const keyword of ['anyOf', 'oneOf'] as const) {
    const branches = listOf(fields.get(keyword))
    if (!fields.delete(keyword)) continue
    const places = listOf(schema[keyword]).map((branch) => isFields(branch) && branch.type === 'null')
    const [only = true, ...others] = branches.filter((_branch, index) => places[index] !== true)
    if (others.length > 0) taken.push(orNever({ [keyword]: branches }, keyword))
    else taken.push(places.includes(true) && branches.length > 1 ? unlessNull(only) : (branches[0] ?? true))
  }
  const groups = [['contains', 'minContains', 'maxContains'], ['propertyNames']] as const
  for (const group of groups) {
    const found = group
      .filter((keyword) => fields.has(keyword))
      .map((keyword) => [keyword, fields.get(keyword)])
    for (const keyword of group) fields.delete(keyword)
    if (found.length > 0) taken.push(orNever(Object.fromEntries(found), group[0]))
  }
  return taken
}

function orNever(schema: Fields, reason: string): Fields {
  return { if: schema, else: never(reason), [STEP]: true }
}

function never(reason: string): Fields {
  return { [NEVER]: reason }
}

function unlessNull(schema: Converted): Fields {
  return { if: { type: 'null' }, else: schema }
}

function listOf(value: unknown): readonly Converted[] {
  return Array.isArray(value) ? value : []
}
