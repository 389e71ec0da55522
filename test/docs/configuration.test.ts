import { expect, test } from 'vitest'
import { FIELD_DESCRIPTIONS } from '../../src/config/field-descriptions.ts'
import { configJsonSchema, type JsonSchema } from '../../src/config/json-schema.ts'

interface Field {
  readonly path: string
  readonly schema: JsonSchema
  readonly required: boolean
}

/** Every field of the file, in its order. */
function fieldsOf(schema: JsonSchema, path = ''): readonly Field[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const here = path === '' ? name : `${path}.${name}`
    const inner = field.items === undefined ? fieldsOf(field, here) : fieldsOf(field.items, `${here}[]`)
    return [{ path: here, schema: field, required: schema.required?.includes(name) === true }, ...inner]
  })
}

const FIELDS = fieldsOf(configJsonSchema())

test('every field of the file is described, and nothing else is', () => {
  expect(FIELDS.map(({ path }) => path).filter((path) => FIELD_DESCRIPTIONS[path] === undefined)).toEqual([])
  const known = new Set(FIELDS.map(({ path }) => path))
  expect(Object.keys(FIELD_DESCRIPTIONS).filter((path) => !known.has(path))).toEqual([])
})

// A change of a field changes the page: `npm run docs` writes it again.
test('docs/configuration.md is made of the schema', async () => {
  await expect(page()).toMatchFileSnapshot('../../docs/configuration.md')
})

function page(): string {
  const sections = FIELDS.filter(({ path }) => !path.includes('.') && !path.includes('['))
  return [
    '# Configuration',
    '',
    'Every field of `gatez.yaml`. This page is made from the schema that checks the file: `npm run docs` writes it.',
    '',
    '- `gatez config check` reads a file and names line and column of everything that is wrong.',
    '- `gatez config schema > gatez.schema.json` gives editors the same schema.',
    '- `$' + '{NAME}` and `$' + '{NAME:-default}` in any text come from the environment. A secret must.',
    '- A running gateway reads the file again when it or a file it names changes, or on SIGHUP; it says what only a restart changes.',
    '- Spans are written `500ms`, `30s`, `5m`, `2h`, `30d`. Decimals stand in quotes, so that they stay exact.',
    '',
    ...sections.flatMap(section),
  ].join('\n')
}

function section({ path, schema, required }: Field): readonly string[] {
  const inner = FIELDS.filter(
    (field) => field.path.startsWith(`${path}.`) || field.path.startsWith(`${path}[]`),
  )
  const rows = inner.length === 0 ? [{ path, schema, required }] : inner
  return [
    `## ${path}`,
    '',
    `${schema.description ?? ''}${required ? ' Required.' : ''}`,
    '',
    '| Field | Value | Default | |',
    '| --- | --- | --- | --- |',
    ...rows.map((row) => {
      const need = row.required ? 'required' : defaultText(row.schema.default)
      return `| \`${row.path}\` | ${valueText(row.schema)} | ${need} | ${row.schema.description ?? ''} |`
    }),
    '',
  ]
}

function defaultText(value: unknown): string {
  if (value === undefined || (typeof value === 'object' && value !== null)) return ''
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``
}

function valueText(schema: JsonSchema): string {
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => `\`${value}\``).join(' ')
  if (schema.const !== undefined) return `\`${String(schema.const)}\``
  if (Array.isArray(schema.anyOf)) return schema.anyOf.map((each) => valueText(each)).join(' or ')
  if (schema.type === 'integer' && typeof schema.minimum === 'number') {
    const max = typeof schema.maximum === 'number' ? schema.maximum : Number.MAX_SAFE_INTEGER
    return max === Number.MAX_SAFE_INTEGER
      ? `whole number from ${schema.minimum}`
      : `${schema.minimum} to ${max}`
  }
  if (schema.type === 'array') return 'list'
  if (schema.type === 'object') return 'map'
  if (Array.isArray(schema.type)) return schema.type.map((type) => valueText({ type })).join(' or ')
  const names: Record<string, string> = {
    string: 'text',
    null: '`null`',
    integer: 'whole number',
    boolean: '`true` or `false`',
  }
  return names[String(schema.type)] ?? 'text'
}
