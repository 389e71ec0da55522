import type { Parameter } from './parameter.ts'
import type { PathTemplate } from './path-template.ts'
import type { BodyKind, RequestBody } from './request-body.ts'
import { FAULTS_MAX, type RequestFault } from './request-fault.ts'

/** What one operation of an OpenAPI document asks of a request. Parameters it does not name may be given. */
export class RequestRule {
  readonly template: PathTemplate
  readonly bodyRequired: boolean
  readonly #path: readonly Parameter[]
  readonly #query: readonly Parameter[]
  readonly #header: readonly HeaderParameter[]
  readonly #body: RequestBody

  constructor(template: PathTemplate, parameters: readonly Parameter[], body: RequestBody) {
    this.template = template
    this.#path = parameters.filter((parameter) => parameter.where === 'path')
    this.#query = parameters.filter((parameter) => parameter.where === 'query')
    this.#header = parameters
      .filter((parameter) => parameter.where === 'header')
      .map((parameter) => ({ parameter, field: parameter.name.toLowerCase() }))
    this.#body = body
    this.bodyRequired = body.isRequired
  }

  /**
   * What does not hold in path, query and header fields; all of it, up to 20 faults.
   *
   * `path` is normalized and led here; `query` is as it came, without `?`; `field` gives the text of a
   * header field by its name in lower case, or undefined when there is none.
   */
  checkHead(
    path: string,
    query: string,
    field: (lowerCaseName: string) => string | undefined,
  ): readonly RequestFault[] {
    const faults: RequestFault[] = []
    if (this.#path.length > 0) {
      const values = this.template.values(path)
      for (const parameter of this.#path) faults.push(...parameter.check(listOf(values.get(parameter.name))))
    }
    if (this.#query.length > 0) {
      const values = queryValues(query)
      for (const parameter of this.#query) faults.push(...parameter.check(values.get(parameter.name) ?? []))
    }
    for (const header of this.#header) {
      faults.push(...header.parameter.check(listOf(field(header.field))))
    }
    return faults.length > FAULTS_MAX ? faults.slice(0, FAULTS_MAX) : faults
  }

  /**
   * How a body of this content type is to be checked.
   *
   * `none`: the operation describes no body, so nothing is checked; `unsupported`: of no described type;
   * `other`: described, but only JSON is looked into.
   */
  bodyKind(contentType: string | undefined): BodyKind {
    return this.#body.kind(contentType)
  }

  /** What does not hold in a body of kind `json`, given as parsed JSON; all of it, up to 20 faults. */
  checkBody(contentType: string, body: unknown): readonly RequestFault[] {
    return this.#body.check(contentType, body)
  }
}

interface HeaderParameter {
  readonly parameter: Parameter
  readonly field: string
}

function listOf(text: string | undefined): readonly string[] {
  return text === undefined ? [] : [text]
}

/** Texts by name, in their order: names decoded, texts as they came. */
function queryValues(query: string): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, string[]>()
  for (const pair of query.split('&')) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const name = decodedName(equals === -1 ? pair : pair.slice(0, equals))
    const text = equals === -1 ? '' : pair.slice(equals + 1)
    const known = values.get(name)
    if (known === undefined) values.set(name, [text])
    else known.push(text)
  }
  return values
}

function decodedName(name: string): string {
  if (!name.includes('%') && !name.includes('+')) return name
  try {
    return decodeURIComponent(name.replaceAll('+', ' '))
  } catch {
    return name
  }
}
