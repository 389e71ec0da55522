import type { ErrorObject } from 'ajv/dist/2020.js'
import { NEVER } from './convert-schema.ts'

/**
 * What must hold, in plain words: to be read after the name of the place.
 *
 * Made from the document alone; nothing of what the caller sent is in it.
 */
export function faultText({ keyword, params }: Pick<ErrorObject, 'keyword' | 'params'>): string {
  switch (keyword) {
    case 'type':
      return `must be ${typeText(params.type)}`
    case 'required':
      return 'must be given'
    case 'dependentRequired':
      return `must be given together with ${params.property}`
    case 'enum':
      return `must be one of ${listText(params.allowedValues)}`
    case 'const':
      return `must be ${shortened(JSON.stringify(params.allowedValue))}`
    case 'minimum':
    case 'maximum':
    case 'exclusiveMinimum':
    case 'exclusiveMaximum':
      return `must be ${COMPARISONS.get(params.comparison)} ${params.limit}`
    case 'multipleOf':
      return `must be a multiple of ${params.multipleOf}`
    case 'pattern':
      return `must match the pattern ${shortened(params.pattern)}`
    case 'format':
      return `must have the format ${params.format}`
    case 'uniqueItems':
      return 'must not hold an item twice'
    case 'not':
      return 'must not fit the form that is ruled out'
    case NEVER:
      return REASONS.get(params.reason) ?? 'must fit its description'
    default:
      return sizeText(keyword, Number(params.limit)) ?? 'must fit its description'
  }
}

const COMPARISONS = new Map([
  ['>=', 'at least'],
  ['>', 'more than'],
  ['<=', 'at most'],
  ['<', 'less than'],
])

const REASONS = new Map([
  ['given', 'must not be given'],
  ['anyOf', 'must fit at least one of the described forms'],
  ['oneOf', 'must fit exactly one of the described forms'],
  ['contains', 'must hold items as described'],
  ['propertyNames', 'must only have field names as described'],
])

const TYPES = new Map([
  ['string', 'text'],
  ['integer', 'a whole number'],
  ['number', 'a number'],
  ['boolean', 'true or false'],
  ['array', 'a list'],
  ['object', 'an object'],
])

const SIZES = new Map([
  ['Length', 'character'],
  ['Items', 'item'],
  ['Properties', 'field'],
])

function typeText(types: unknown): string {
  const names: unknown[] = Array.isArray(types) ? types : [types]
  return names.map((name) => TYPES.get(String(name)) ?? String(name)).join(' or ')
}

function sizeText(keyword: string, limit: number): string | undefined {
  const thing = SIZES.get(keyword.slice(3))
  if (thing === undefined) return undefined
  return `must have at ${keyword.startsWith('min') ? 'least' : 'most'} ${limit} ${thing}${limit === 1 ? '' : 's'}`
}

function listText(values: readonly unknown[]): string {
  const shown = values.slice(0, 20).map((value) => JSON.stringify(value))
  return shortened([...shown, ...(values.length > 20 ? ['…'] : [])].join(', '))
}

function shortened(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200).toWellFormed()}…` : text
}
