import * as z from 'zod'
import { fileSchema } from './schema.ts'

/**
 * The JSON Schema of `gatez.yaml`, as editors read it: draft 2020-12, made from the schema that checks the file.
 *
 * It knows fields, types, ranges and choices. What refers to something else in the file, and the form of
 * addresses, spans and prices, only `gatez config check` knows.
 */
export function configJsonSchema(): Readonly<Record<string, unknown>> {
  const { $schema, ...schema } = z.toJSONSchema(fileSchema, { io: 'input', unrepresentable: 'any' })
  return { $schema, title: 'gatez.yaml', description: 'Configuration of gatez.', ...schema }
}
