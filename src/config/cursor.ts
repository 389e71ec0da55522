import type { Path, Place, ProblemList } from './problems.ts'
import type { Source } from './source.ts'

/**
 * A value in the file that may or may not have the right shape.
 *
 * Checks of references walk the file with it, so that they report their problems beside those of the
 * shape, all at once. What has the wrong shape is simply not there: the check of shapes reports it.
 */
export class Cursor {
  readonly #source: Source
  readonly #problems: ProblemList
  readonly #value: unknown
  readonly path: Path

  private constructor(source: Source, problems: ProblemList, value: unknown, path: Path) {
    this.#source = source
    this.#problems = problems
    this.#value = value
    this.path = path
  }

  /** The whole file. */
  static of(source: Source, problems: ProblemList): Cursor {
    return new Cursor(source, problems, source.data, [])
  }

  get value(): unknown {
    return this.#value
  }

  get place(): Place {
    return this.#source.valuePlace(this.path)
  }

  /** The text, if it is one. */
  get text(): string | undefined {
    return typeof this.#value === 'string' ? this.#value : undefined
  }

  /** Whether it is a map, even one without fields. */
  get isMap(): boolean {
    return isMap(this.#value)
  }

  /** Whether it came from a variable of the environment, whole. */
  get isVariable(): boolean {
    return this.#source.isVariable(this.path)
  }

  /** The field of a map; its value is undefined when there is none. */
  field(name: string): Cursor {
    const value = isMap(this.#value) && Object.hasOwn(this.#value, name) ? this.#value[name] : undefined
    return this.#child(value, name)
  }

  /** The elements of a list; none if it is no list. */
  items(): readonly Cursor[] {
    return Array.isArray(this.#value) ? this.#value.map((value, index) => this.#child(value, index)) : []
  }

  /** The fields of a map; none if it is no map. */
  fields(): readonly (readonly [string, Cursor])[] {
    if (!isMap(this.#value)) return []
    return Object.entries(this.#value).map(([name, value]) => [name, this.#child(value, name)])
  }

  /** Reports a problem with this value. */
  refuse(message: string): void {
    this.#problems.add(this.place, this.path, message)
  }

  /** Reports a problem with the name of this field. */
  refuseKey(message: string): void {
    this.#problems.add(this.#source.keyPlace(this.path), this.path, message)
  }

  #child(value: unknown, step: string | number): Cursor {
    return new Cursor(this.#source, this.#problems, value, [...this.path, step])
  }
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
