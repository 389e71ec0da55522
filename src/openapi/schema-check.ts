import { _, Ajv2020, type ErrorObject, type KeywordCxt, type ValidateFunction } from 'ajv/dist/2020.js'
import { canonicalJson } from '../lib/canonical-json.ts'
import { NEVER, SchemaConverter, STEP } from './convert-schema.ts'
import { DocumentProblem, type OpenApiDocument, pointerName } from './document.ts'
import { faultText } from './fault-text.ts'
import { FORMATS } from './formats.ts'
import { FAULTS_MAX } from './request-fault.ts'

/** What does not hold in a value, and where in it. */
export interface SchemaFault {
  /** A JSON pointer; empty for the value itself. */
  readonly pointer: string
  readonly message: string
}

/** One schema, ready to check values. */
export interface SchemaCheck {
  passes(value: unknown): boolean
  /** What does not hold, at most 20; none when the value passes. */
  faults(value: unknown): readonly SchemaFault[]
}

/**
 * Compiles the schemas of one document.
 *
 * The work of one check is bounded: a value that passes or fails is found out within a million steps,
 * about 50 ms, else it fails as too large to check. A failed one is gone through again to tell all of its
 * faults; if that takes more than 5,000 steps, only the first is told.
 */
export class SchemaCompiler {
  readonly #converter: SchemaConverter
  readonly #budget = new Budget()
  readonly #first = newAjv(this.#budget, false)
  readonly #all = newAjv(this.#budget, true)

  constructor(document: OpenApiDocument) {
    this.#converter = new SchemaConverter(document)
  }

  /** Throws a `DocumentProblem` for a schema that cannot be used; `what` names its place. */
  compile(schema: unknown, what: string): SchemaCheck {
    try {
      const converted = this.#converter.convert(schema)
      for (const { id, schema: definition } of this.#converter.takeDefinitions()) {
        this.#first.addSchema(definition, id)
        this.#all.addSchema(definition, id)
      }
      const first = this.#first.compile(converted)
      // Only bad requests need it, so the first of them pays for it.
      let all: ValidateFunction | undefined
      const allOf = () => {
        all ??= this.#all.compile(converted)
        return all
      }
      return {
        passes: (value) => this.#run(first, value, STEPS_MAX) === PASSED,
        faults: (value) => this.#faults(first, allOf, value),
      }
    } catch (cause) {
      if (cause instanceof RangeError) throw cause
      const reason = cause instanceof Error ? inTermsOfDocument(cause.message) : 'it does not compile'
      throw new DocumentProblem(`the schema of ${what} cannot be used: ${reason}`, { cause })
    }
  }

  #faults(first: ValidateFunction, all: () => ValidateFunction, value: unknown): readonly SchemaFault[] {
    const outcome = this.#run(first, value, STEPS_MAX)
    if (outcome === PASSED) return []
    if (outcome === undefined) return [TOO_LARGE]
    const every = this.#run(all(), value, STEPS_OF_ALL_MAX)
    return distinctFaults(every === undefined || every === PASSED ? outcome : every)
  }

  /** The faults, or undefined when steps or stack did not suffice. */
  #run(check: ValidateFunction, value: unknown, steps: number): readonly ErrorObject[] | undefined {
    this.#budget.left = steps
    try {
      return check(value) ? PASSED : (check.errors ?? [])
    } catch (error) {
      if (error instanceof BudgetSpent || error instanceof RangeError) return undefined
      throw error
    }
  }
}

const STEPS_MAX = 1_000_000
const STEPS_OF_ALL_MAX = 5000

/** Longest pointer that is told: names in it may be the caller's. */
const POINTER_LENGTH_MAX = 256

const PASSED: readonly ErrorObject[] = []

const TOO_LARGE: SchemaFault = { pointer: '', message: 'must be small enough to be checked' }

const UNDESCRIBED: SchemaFault = { pointer: '', message: 'must fit its description' }

class BudgetSpent extends Error {}

class Budget {
  left = 0

  readonly spend = (): void => {
    this.left -= 1
    if (this.left < 0) throw new BudgetSpent()
  }
}

function newAjv(budget: Budget, allErrors: boolean): Ajv2020 {
  const ajv = new Ajv2020({
    strict: false,
    // 1e999 parses to no number that anything can be compared with.
    strictNumbers: true,
    allErrors,
    logger: false,
    // Of the first, for the operator whose schema is no schema; callers read texts of ours.
    messages: !allErrors,
    // Else `constructor` would count as given in every object.
    ownProperties: true,
    // 19.99 is a multiple of 0.01, whatever binary fractions say.
    multipleOfPrecision: 9,
    formats: FORMATS,
    // What the first of the two has seen, the second need not see.
    meta: !allErrors,
    validateSchema: !allErrors,
    code: { regExp },
  })
  const spend = (cxt: KeywordCxt) => {
    const name = cxt.gen.scopeValue('func', { ref: budget.spend })
    cxt.gen.code(_`${name}()`)
  }
  ajv.addKeyword({ keyword: STEP, schemaType: 'boolean', code: spend })
  ajv.addKeyword({
    keyword: NEVER,
    schemaType: 'string',
    error: { message: '', params: ({ schema }) => _`{reason: ${schema}}` },
    code: (cxt) => {
      spend(cxt)
      cxt.fail()
    },
  })
  // The one that comes with Ajv compares each item with each.
  ajv.removeKeyword('uniqueItems')
  ajv.addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    validate: (wanted: boolean, items: readonly unknown[]) => {
      return !wanted || new Set(items.map(canonicalJson)).size === items.length
    },
  })
  return ajv
}

/** Patterns are read strictly if they can be, else as browsers do: `[\w-.]` is common. Throws if neither. */
const regExp = Object.assign(
  (pattern: string, flags: string): RegExp => {
    try {
      return new RegExp(pattern, flags)
    } catch {
      return new RegExp(pattern)
    }
  },
  { code: 'regExp' },
)

/** Takes out of a message what the conversion put between a schema and its parts. */
function inTermsOfDocument(message: string): string {
  return message.replace(/\/allOf\/\d+\/(?:if|else)(?=\/)/g, '').replace(/\bdata\/else(?=\/)/g, 'data')
}

function distinctFaults(errors: readonly ErrorObject[]): readonly SchemaFault[] {
  const faults = new Map<string, SchemaFault>()
  for (const error of errors) {
    // It only says that `then` or `else` failed, and they have spoken.
    if (error.keyword === 'if') continue
    const fault = { pointer: pointerOf(error), message: faultText(error) }
    faults.set(`${fault.pointer} ${fault.message}`, fault)
    if (faults.size === FAULTS_MAX) break
  }
  return faults.size === 0 ? [UNDESCRIBED] : [...faults.values()]
}

/** A missing field is where it should be. */
function pointerOf({ instancePath, params }: ErrorObject): string {
  const missing: unknown = params.missingProperty
  const pointer = typeof missing === 'string' ? `${instancePath}/${pointerName(missing)}` : instancePath
  return pointer.length > POINTER_LENGTH_MAX
    ? `${pointer.slice(0, POINTER_LENGTH_MAX).toWellFormed()}…`
    : pointer
}
