import type * as z from 'zod'
import { didYouMean } from '../lib/closest.ts'
import type { Path, ProblemList } from './problems.ts'
import { type File, fileSchema } from './schema.ts'
import type { Source } from './source.ts'

/**
 * Checks the shape of the file: fields, types, values. Undefined when `problems` has become longer.
 *
 * Zod's messages speak of types; ours speak of the file.
 */
export function checkShape(source: Source, problems: ProblemList): File | undefined {
  const data = structuredClone(source.data)
  let checked = fileSchema.safeParse(data, ONCE)
  if (!checked.success && putNumbers(data, checked.error.issues, source))
    checked = fileSchema.safeParse(data, ONCE)
  if (checked.success) return checked.data

  for (const issue of checked.error.issues) addIssue(issue, source, problems)
  return undefined
}

/** Checks without code made for it: to make that takes longer than to check a file once. */
const ONCE = { jitless: true } as const

type Issue = z.core.$ZodIssue

/** Turns quoted variables into numbers where a text does not do. Whether there was one. */
function putNumbers(data: unknown, issues: readonly Issue[], source: Source): boolean {
  let hasPut = false
  for (const issue of issues) {
    const path = toPath(issue.path)
    const number = source.numberAt(path)
    const parent = valueAt(data, path.slice(0, -1))
    if (number === undefined || typeof parent !== 'object' || parent === null) continue
    Reflect.set(parent, path.at(-1) ?? '', number)
    hasPut = true
  }
  return hasPut
}

function addIssue(issue: Issue, source: Source, problems: ProblemList): void {
  const path = toPath(issue.path)
  if (issue.code === 'unrecognized_keys') {
    const known = issue.message.split('\n')
    for (const key of issue.keys) {
      const keyPath = [...path, key]
      problems.add(source.keyPlace(keyPath), keyPath, unknownField(key, known))
    }
    return
  }
  const value = valueAt(source.data, path)
  if (value === undefined) {
    const name = String(path.at(-1) ?? 'the file')
    problems.add(source.valuePlace(path), path.slice(0, -1), `lacks the field ${name}`)
    return
  }
  problems.add(source.valuePlace(path), path, sentence(issue, value))
}

function unknownField(key: string, known: readonly string[]): string {
  if (LATER_FIELDS.has(key)) return `the field ${key} is not supported yet`
  return `unknown field ${key}${didYouMean(key, known)}`
}

/** Fields that the design has and this version does not. */
const LATER_FIELDS: ReadonlySet<string> = new Set([
  'dimensions',
  'dunning',
  'issuer',
  'portal',
  'tax',
  'terms',
])

function sentence(issue: Issue, value: unknown): string {
  if (issue.code === 'invalid_type' && !issue.message.startsWith('Invalid input')) return issue.message
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${TYPE_NAMES[issue.expected] ?? issue.expected}, is ${shown(value)}`
    case 'invalid_value':
      if (!issue.message.startsWith('Invalid ')) return issue.message
      return `must be ${issue.values.join(', ')}, is ${shown(value)}${meant(value, issue.values)}`
    case 'too_small':
      if (issue.origin === 'string') return 'must not be empty'
      return issue.origin === 'array'
        ? issue.message
        : `must be at least ${issue.minimum}, is ${shown(value)}`
    case 'too_big':
      return `must be at most ${issue.maximum}, is ${shown(value)}`
    case 'invalid_union':
      return `${issue.message}, is ${shown(value)}`
    default:
      return issue.message
  }
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a whole number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a map of fields',
  record: 'a map of fields',
  array: 'a list',
}

function shown(value: unknown): string {
  if (value === null) return 'empty'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a map'
  const text = JSON.stringify(value) ?? String(value)
  return text.length <= 80 ? text : `${text.slice(0, 80)}…`
}

function meant(value: unknown, values: readonly unknown[]): string {
  return typeof value === 'string' ? didYouMean(value, values.map(String)) : ''
}

function toPath(path: readonly PropertyKey[]): Path {
  return path.map((step) => (typeof step === 'number' ? step : String(step)))
}

function valueAt(data: unknown, path: Path): unknown {
  let value = data
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
    value = Reflect.get(value, step)
  }
  return value
}
