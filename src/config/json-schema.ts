import * as z from 'zod'
import { FIELD_DESCRIPTIONS } from './field-descriptions.ts'
import { fileSchema } from './schema.ts'

/** As much of JSON Schema as the file needs. */
export interface JsonSchema {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly default?: unknown
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly items?: JsonSchema
  readonly required?: readonly string[]
  readonly [keyword: string]: unknown
}

/**
 * The JSON Schema of `gatez.yaml`, as editors read it: draft 2020-12, made from the schema that checks the file.
 *
 * It knows fields, types, ranges, choices and what each is for. What refers to something else in the file,
 * and the form of addresses, spans and prices, only `gatez config check` knows.
 */
export function configJsonSchema(): JsonSchema {
  const { $schema, ...schema } = z.toJSONSchema(fileSchema, { io: 'input', unrepresentable: 'any' })
  const described = describe(JSON.parse(JSON.stringify(schema)), '')
  return { $schema, title: 'gatez.yaml', ...described, description: 'Configuration of gatez.' }
}

function describe(written: JsonSchema, path: string): JsonSchema {
  const schema = nullableMap(written)
  const description = FIELD_DESCRIPTIONS[path]
  return {
    ...schema,
    ...(description !== undefined && { description }),
    ...(schema.properties !== undefined && {
      properties: Object.fromEntries(
        Object.entries(schema.properties).map(([name, field]) => {
          return [name, describe(field, path === '' ? name : `${path}.${name}`)]
        }),
      ),
    }),
    ...(schema.items !== undefined && { items: describe(schema.items, `${path}[]`) }),
  }
}

/** A map or null, said in one: its fields can be found where those of any map are. */
function nullableMap(schema: JsonSchema): JsonSchema {
  const { anyOf, ...rest } = schema
  if (!isChoices(anyOf) || anyOf.length !== 2) return schema
  const map = anyOf.find(({ type }) => type === 'object')
  return map === undefined || !anyOf.some(({ type }) => type === 'null')
    ? schema
    : { ...map, ...rest, type: ['object', 'null'] }
}

function isChoices(choices: unknown): choices is readonly JsonSchema[] {
  return Array.isArray(choices)
}
