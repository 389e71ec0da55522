import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type YAMLMap,
} from 'yaml'
import type { Environment } from './environment.ts'
import type { Path, Place, ProblemList } from './problems.ts'
import { isSecretField } from './secret-fields.ts'
import { substitute } from './substitute.ts'

/**
 * The file as data, with the place of every value: read once, then asked by the checks.
 *
 * Aliases are resolved, `${…}` is replaced, fields of a map keep their order.
 */
export interface Source {
  readonly data: unknown
  /** Where the value at `path` stands; of what is missing, where its nearest parent begins. */
  valuePlace(path: Path): Place
  /** Where the name of the field at `path` stands. */
  keyPlace(path: Path): Place
  /**
   * The number in a quoted text that is one variable and nothing else.
   *
   * Inside `{ … }` YAML wants `"${LIMIT}"` in quotes, so a quoted variable may stand for a number.
   */
  numberAt(path: Path): number | undefined
  /** Whether the text at `path` is one variable, without a default, and nothing else. */
  isVariable(path: Path): boolean
}

/**
 * Reads YAML. Undefined when the text is not well-formed: then `problems` says where.
 *
 * Duplicate fields and missing variables are problems too, but reading goes on.
 */
export function readSource(text: string, env: Environment, problems: ProblemList): Source | undefined {
  const reader = new SourceReader(env, problems)
  try {
    return reader.read(text)
  } catch (error) {
    // The parser recurses: a file nested thousands deep ends its stack.
    if (!(error instanceof RangeError)) throw error
    problems.add({ line: 1, column: 1 }, [], 'is nested too deeply')
    return undefined
  }
}

/** More values than any real file has; what aliases can multiply stops here. */
const VALUES_MAX = 200_000

class SourceReader {
  readonly #env: Environment
  readonly #problems: ProblemList
  readonly #lines = new LineCounter()
  readonly #valuePlaces = new Map<string, Place>()
  readonly #keyPlaces = new Map<string, Place>()
  readonly #numberTexts = new Map<string, number>()
  readonly #variables = new Set<string>()
  readonly #openAliases = new Set<Node>()
  #valueCount = 0
  #resolve: (alias: Alias) => Node | undefined = () => undefined

  constructor(env: Environment, problems: ProblemList) {
    this.#env = env
    this.#problems = problems
  }

  read(text: string): Source | undefined {
    const document = parseDocument(text, {
      lineCounter: this.#lines,
      prettyErrors: false,
      uniqueKeys: false,
    })
    this.#resolve = (alias) => alias.resolve(document)
    const faults = [...document.errors, ...document.warnings]
    for (const fault of faults) {
      this.#problems.add(this.#placeAt(fault.pos[0]), [], faultText(fault.code, fault.message))
    }
    if (faults.length > 0) return undefined
    if (document.contents === null) {
      this.#problems.add({ line: 1, column: 1 }, [], 'the file is empty; gatez init writes one to start from')
      return undefined
    }

    const data = this.#value(document.contents, [])
    return {
      data,
      isVariable: (path) => this.#variables.has(placeKey(path)),
      numberAt: (path) => this.#numberTexts.get(placeKey(path)),
      valuePlace: (path) => nearest(this.#valuePlaces, path),
      keyPlace: (path) => this.#keyPlaces.get(placeKey(path)) ?? nearest(this.#valuePlaces, path),
    }
  }

  #value(node: Node | null, path: Path, at?: Place): unknown {
    const place = at ?? this.#placeAt(node?.range?.[0] ?? 0)
    this.#valuePlaces.set(placeKey(path), place)
    this.#valueCount += 1
    if (this.#valueCount > VALUES_MAX) {
      if (this.#valueCount === VALUES_MAX + 1)
        this.#problems.add(place, [], `holds more than ${VALUES_MAX} values`)
      return null
    }
    if (isAlias(node)) return this.#alias(node, path, place)
    if (isMap(node)) return this.#map(node, path)
    if (isSeq(node)) return node.items.map((item, index) => this.#value(asNode(item), [...path, index]))
    if (isScalar(node)) return this.#scalar(node.value, node.type === 'PLAIN', path, place)
    return null
  }

  #alias(alias: Alias, path: Path, place: Place): unknown {
    const target = this.#resolve(alias)
    if (target === undefined || this.#openAliases.has(target)) {
      this.#problems.add(place, path, `the alias *${alias.source} refers to itself`)
      return null
    }
    this.#openAliases.add(target)
    const value = this.#value(target, path, place)
    this.#openAliases.delete(target)
    return value
  }

  #map(map: YAMLMap, path: Path): unknown {
    const fields = new Map<string, unknown>()
    for (const pair of map.items) {
      const keyNode = asNode(pair.key)
      const place = this.#placeAt(keyNode?.range?.[0] ?? 0)
      if (!isScalar(keyNode)) {
        this.#problems.add(place, path, 'the name of a field must be a plain word')
        continue
      }
      const key = String(keyNode.value)
      const fieldPath = [...path, key]
      const before = this.#keyPlaces.get(placeKey(fieldPath))
      if (fields.has(key) && before !== undefined) {
        this.#problems.add(place, fieldPath, `is given twice; first in line ${before.line}`)
        continue
      }
      this.#keyPlaces.set(placeKey(fieldPath), place)
      const valueNode = asNode(pair.value)
      fields.set(key, this.#value(valueNode, fieldPath, isNothing(valueNode) ? place : undefined))
    }
    return Object.fromEntries(fields)
  }

  #scalar(value: unknown, isPlain: boolean, path: Path, place: Place): unknown {
    if (typeof value !== 'string') return value
    const { text, changed, problems } = substitute(value, this.#env)
    for (const problem of problems) this.#problems.add(place, path, problem)
    if (VARIABLE.test(value)) this.#variables.add(placeKey(path))
    if (!changed || isSecretField(path)) return text
    const isVariable = /^\$\{[^}]*\}$/.test(value)
    if (isVariable && isPlain) return plainValue(text)
    if (isVariable && NUMBER.test(text)) this.#numberTexts.set(placeKey(path), Number(text))
    return text
  }

  #placeAt(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
}

const VARIABLE = /^\$\{[A-Za-z_][A-Za-z0-9_]*\}$/
const NUMBER = /^[+-]?\d+(?:\.\d+)?$/

// What an unquoted word means in YAML; a variable must not bring maps, lists or aliases with it.
function plainValue(text: string): unknown {
  if (NUMBER.test(text)) return Number(text)
  if (/^(?:true|false)$/i.test(text)) return text.toLowerCase() === 'true'
  return /^(?:null|~)$/i.test(text) ? null : text
}

function asNode(value: unknown): Node | null {
  return isAlias(value) || isMap(value) || isSeq(value) || isScalar(value) ? value : null
}

// A field with nothing behind its colon has no place of its own.
function isNothing(node: Node | null): boolean {
  return node?.range === undefined || node.range === null || node.range[0] === node.range[1]
}

function placeKey(path: Path): string {
  return JSON.stringify(path)
}

function nearest(places: ReadonlyMap<string, Place>, path: Path): Place {
  for (let length = path.length; length >= 0; length -= 1) {
    const place = places.get(placeKey(path.slice(0, length)))
    if (place !== undefined) return place
  }
  return { line: 1, column: 1 }
}

function faultText(code: string, message: string): string {
  if (code === 'TAB_AS_INDENT') return 'a tab stands where spaces must indent'
  if (code === 'MULTIPLE_DOCS') return 'a second document begins here; one file holds one configuration'
  return `is not well-formed YAML: ${message.charAt(0).toLowerCase()}${message.slice(1)}`
}
