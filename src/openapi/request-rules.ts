import {
  DocumentProblem,
  type Fields,
  followRef,
  isFields,
  type OpenApiDocument,
  readDocument,
} from './document.ts'
import { type Parameter, type ReadingTools, readParameter } from './parameter.ts'
import { compareTemplates, PathTemplate } from './path-template.ts'
import { RequestBody } from './request-body.ts'
import { RequestRule } from './request-rule.ts'
import { SchemaCompiler } from './schema-check.ts'

/**
 * What an OpenAPI document asks of requests, by method and path.
 *
 * Built once, then only asked. Nothing but the text is read: no file, no network. The paths of the document
 * are compared with request paths as they stand; base paths in `servers` play no part.
 */
export class RequestRules {
  readonly #tables = new Map<string, Table>()

  private constructor(operations: readonly Operation[]) {
    for (const { method, rule } of operations) {
      const table = this.#tables.get(method) ?? { plain: new Map(), bySegments: new Map() }
      this.#tables.set(method, table)
      const { template } = rule
      if (template.isPlain) {
        table.plain.set(template.shape, rule)
        continue
      }
      const count = template.segments.length
      const sorted = [...(table.bySegments.get(count) ?? []), rule]
      table.bySegments.set(
        count,
        sorted.toSorted((one, other) => compareTemplates(one.template, other.template)),
      )
    }
  }

  /** Reads an OpenAPI 3.0 or 3.1 document, YAML or JSON, or says what stands in the way, for the operator. */
  static read(text: string): RequestRules | OpenApiProblem {
    try {
      return new RequestRules(readOperations(readDocument(text)))
    } catch (error) {
      if (error instanceof DocumentProblem) return { problem: error.message }
      // Reading recurses: a document nested thousands deep ends the stack.
      if (error instanceof RangeError) return { problem: 'the document is nested too deeply' }
      throw error
    }
  }

  /**
   * The rule for a request; undefined when the document has no such operation.
   *
   * `method` is in upper case, `path` normalized and without query. Literal segments go before parameters,
   * and a path described for other methods hides nothing.
   */
  find(method: string, path: string): RequestRule | undefined {
    const table = this.#tables.get(method)
    if (table === undefined) return undefined
    const plain = table.plain.get(path)
    if (plain !== undefined || table.bySegments.size === 0) return plain
    const segments = path.split('/')
    return table.bySegments.get(segments.length)?.find((rule) => rule.template.matches(segments))
  }
}

/** Why a document cannot be used, in one sentence without a full stop. */
export interface OpenApiProblem {
  readonly problem: string
}

/** The rules of one method. */
interface Table {
  readonly plain: Map<string, RequestRule>
  /** Those with parameters by the number of their segments, the most specific first. */
  readonly bySegments: Map<number, readonly RequestRule[]>
}

interface Operation {
  /** In upper case. */
  readonly method: string
  readonly rule: RequestRule
}

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace']

function readOperations(document: OpenApiDocument): readonly Operation[] {
  const tools = { document, compiler: new SchemaCompiler(document) }
  const paths = document.root.paths ?? {}
  if (!isFields(paths)) throw new DocumentProblem('the field paths must be an object')
  const operations = Object.entries(paths).flatMap(([path, item]) => {
    if (path.startsWith('x-') || item === null) return []
    if (!path.startsWith('/')) throw new DocumentProblem(`the path ${path} must begin with a slash`)
    return within(path, () => readPath(tools, path, item))
  })
  refuseTwins(operations)
  return operations
}

function readPath(tools: ReadingTools, path: string, item: unknown): readonly Operation[] {
  const target = followRef(tools.document, item)
  if (!isFields(target) || !isFields(item)) throw new DocumentProblem('a path must be an object')
  const fields: Fields = { ...target, ...item }
  const template = new PathTemplate(path)
  return METHODS.flatMap((name) => {
    const operation = fields[name]
    if (operation === undefined || operation === null) return []
    const method = name.toUpperCase()
    const rule = within(`${method} ${path}`, () => readRule(tools, template, fields, operation))
    return [{ method, rule }]
  })
}

function readRule(
  tools: ReadingTools,
  template: PathTemplate,
  path: Fields,
  operation: unknown,
): RequestRule {
  const { document, compiler } = tools
  if (!isFields(operation)) throw new DocumentProblem('an operation must be an object')
  const parameters = new Map<string, Parameter>()
  for (const described of [...listOf(path.parameters), ...listOf(operation.parameters)]) {
    const fields = followRef(document, described)
    if (!isFields(fields)) throw new DocumentProblem('a parameter must be an object')
    const parameter = readParameter(tools, fields)
    if (parameter !== undefined && isInPath(parameter, template)) {
      parameters.set(`${parameter.where} ${parameter.name}`, parameter)
    }
  }
  const described = followRef(document, operation.requestBody ?? undefined)
  if (described !== undefined && !isFields(described)) {
    throw new DocumentProblem('a request body must be an object')
  }
  const body = new RequestBody(compiler, described)
  return new RequestRule(template, [...parameters.values()], body)
}

/** A path parameter that the path does not have could never be given. */
function isInPath(parameter: Parameter, template: PathTemplate): boolean {
  return (
    parameter.where !== 'path' ||
    template.segments.some(({ params }) => {
      return params.some(({ name }) => name === parameter.name)
    })
  )
}

/** Two operations for the same requests: which one holds would be chance. */
function refuseTwins(operations: readonly Operation[]): void {
  const seen = new Map<string, string>()
  for (const { method, rule } of operations) {
    const key = `${method} ${rule.template.shape}`
    const twin = seen.get(key)
    if (twin !== undefined) {
      throw new DocumentProblem(
        `${method} ${twin} and ${method} ${rule.template.text} take the same requests`,
      )
    }
    seen.set(key, rule.template.text)
  }
}

/** Names the place in front of a problem, once. */
function within<T>(place: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof DocumentProblem) || error.isPlaced) throw error
    throw error.at(place)
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
