import { DocumentProblem, type Fields, isFields, type OpenApiDocument } from './document.ts'
import { isJsonType } from './media-type.ts'
import { readings } from './readings.ts'
import type { RequestFault } from './request-fault.ts'
import type { SchemaCheck, SchemaCompiler } from './schema-check.ts'
import { itemsSchema, schemaTypes } from './schema-types.ts'

/** Where a parameter stands that is checked. Cookies are not. */
export type ParameterPlace = 'path' | 'query' | 'header'

/** What an operation is read with. */
export interface ReadingTools {
  readonly document: OpenApiDocument
  readonly compiler: SchemaCompiler
}

/**
 * One parameter of an operation.
 *
 * Texts become what the schema asks for: `12` a number only if it may be one. A list is taken apart
 * before its items are decoded, so an escaped comma is no separator.
 */
export class Parameter {
  readonly where: ParameterPlace
  readonly name: string
  readonly #isRequired: boolean
  readonly #mayBeEmpty: boolean
  readonly #form: Form

  constructor(tools: ReadingTools, fields: Fields, where: ParameterPlace) {
    this.where = where
    this.name = String(fields.name)
    this.#form = readForm(tools, fields, where, `the ${where} parameter ${this.name}`)
    // The fields of such an object are parameters of their own: there is nothing of its name to miss.
    this.#isRequired = (where === 'path' || fields.required === true) && this.#form.kind !== 'spread'
    this.#mayBeEmpty = where === 'query' && fields.allowEmptyValue === true
  }

  /** What does not hold, given all texts of this name as they came: still encoded, none if missing. */
  check(texts: readonly string[]): readonly RequestFault[] {
    const form = this.#form
    const [first] = texts
    if (first === undefined) return this.#isRequired ? [this.#fault('must be given')] : []
    if (form.kind === 'spread' || form.kind === 'unchecked') return []
    if (this.#mayBeEmpty && first === '' && texts.length === 1) return []
    if (texts.length > 1 && !(form.kind === 'list' && form.separator === undefined)) {
      return [this.#fault('must be given only once')]
    }
    const parts = form.kind === 'list' ? split(form.separator, first, texts) : texts
    const decoded = parts.map((text) => decode(this.where, text))
    if (!decoded.every((text) => text !== undefined)) return [this.#fault('must have well-formed escapes')]
    return this.#checkValues(form, decoded)
  }

  #checkValues(form: CheckedForm, texts: readonly string[]): readonly RequestFault[] {
    const [text = ''] = texts
    const values: unknown[] = []
    if (form.kind === 'json') {
      const value = parseJson(text)
      if (value === undefined) return [this.#fault('must be JSON')]
      values.push(value)
    } else {
      if (form.kind === 'list') values.push(texts.map((item) => chosen(item, form.itemTypes, form.item)))
      if (form.types !== undefined && texts.length === 1) values.push(chosen(text, form.types, form.check))
    }
    if (values.some((value) => form.check.passes(value))) return []
    return form.check.faults(values[0]).map(({ pointer, message }) => {
      const place = pointer.slice(1)
      if (place === '') return this.#fault(message)
      return this.#fault(
        form.kind === 'list' ? `item ${Number(place) + 1} ${message}` : `${place} ${message}`,
      )
    })
  }

  #fault(message: string): RequestFault {
    return { where: this.where, pointer: this.name, message }
  }
}

type Form = CheckedForm | { readonly kind: 'unchecked' } | { readonly kind: 'spread' }

type CheckedForm =
  | { readonly kind: 'json'; readonly check: SchemaCheck }
  | { readonly kind: 'text'; readonly types: ReadonlySet<string>; readonly check: SchemaCheck }
  | {
      readonly kind: 'list'
      /** Undefined when a list is written by giving the parameter again. */
      readonly separator: RegExp | undefined
      readonly itemTypes: ReadonlySet<string>
      readonly item: SchemaCheck | undefined
      /** What it may be but a list. */
      readonly types: ReadonlySet<string> | undefined
      readonly check: SchemaCheck
    }

const ANY = new Set(['number', 'boolean', 'string'])

function readForm(tools: ReadingTools, fields: Fields, where: ParameterPlace, what: string): Form {
  const { document, compiler } = tools
  if (isFields(fields.content)) {
    const [type, media] = Object.entries(fields.content)[0] ?? []
    if (type === undefined || !isJsonType(type) || !isFields(media)) return { kind: 'unchecked' }
    return { kind: 'json', check: compiler.compile(media.schema ?? true, what) }
  }
  const { schema } = fields
  if (schema === undefined || schema === null) return { kind: 'unchecked' }
  const check = compiler.compile(schema, what)
  const types = schemaTypes(document, schema)
  const style = styleOf(fields, where)
  if (types?.has('object') === true) return { kind: style.isSpread ? 'spread' : 'unchecked' }
  if (!style.isKnown) return { kind: 'unchecked' }
  if (types?.has('array') !== true) return { kind: 'text', types: types ?? ANY, check }
  const items = itemsSchema(document, schema)
  const others = new Set([...types].filter((type) => type !== 'array' && type !== 'null'))
  return {
    kind: 'list',
    separator: style.separator,
    itemTypes: schemaTypes(document, items) ?? ANY,
    item: items === undefined ? undefined : compiler.compile(items, what),
    types: others.size === 0 ? undefined : others,
    check,
  }
}

interface Style {
  readonly isKnown: boolean
  /** Whether the fields of an object become parameters of their own. */
  readonly isSpread: boolean
  readonly separator: RegExp | undefined
}

function styleOf(fields: Fields, where: ParameterPlace): Style {
  const style = fields.style ?? (where === 'query' ? 'form' : 'simple')
  if (where !== 'query') return { isKnown: style === 'simple', isSpread: false, separator: /,/ }
  const explode = typeof fields.explode === 'boolean' ? fields.explode : style === 'form'
  const isSpread = style === 'deepObject' || explode
  const separator = SEPARATORS.get(String(style))
  return { isKnown: separator !== undefined, isSpread, separator: explode ? undefined : separator }
}

const SEPARATORS = new Map([
  ['form', /,/],
  ['spaceDelimited', /%20|\+/],
  ['pipeDelimited', /\||%7C/i],
])

/** An empty text is an empty list where a separator would stand. */
function split(separator: RegExp | undefined, first: string, texts: readonly string[]): readonly string[] {
  if (separator === undefined) return texts
  return first === '' ? [] : first.split(separator)
}

function decode(where: ParameterPlace, text: string): string | undefined {
  if (where === 'header') return text.trim()
  try {
    return decodeURIComponent(where === 'query' ? text.replaceAll('+', ' ') : text)
  } catch {
    return undefined
  }
}

/** The first reading that passes, else the most telling one. */
function chosen(text: string, types: ReadonlySet<string>, check: SchemaCheck | undefined): unknown {
  const [first, ...others] = readings(text, types)
  if (others.length === 0 || check === undefined || check.passes(first)) return first
  const passing = others.find((value) => check.passes(value))
  return passing === undefined ? first : passing
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Reads what is described as a parameter; undefined for a place that is not checked. */
export function readParameter(tools: ReadingTools, fields: Fields): Parameter | undefined {
  if (typeof fields.name !== 'string' || typeof fields.in !== 'string') {
    throw new DocumentProblem('a parameter must have a name and the field in')
  }
  const { in: where, name } = fields
  if (where !== 'path' && where !== 'query' && where !== 'header') return undefined
  // OpenAPI describes these elsewhere, and says to ignore them here.
  if (where === 'header' && /^(?:accept|content-type|authorization)$/i.test(name)) return undefined
  return new Parameter(tools, fields, where)
}
