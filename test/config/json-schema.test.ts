import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import * as z from 'zod'
import { configJsonSchema } from '../../src/config/json-schema.ts'
import { changed, SMALL_CONFIG } from '../support/config-text.ts'

const TEMPLATES = join(import.meta.dirname, '../../templates')
const schema = z.fromJSONSchema(JSON.parse(JSON.stringify(configJsonSchema())))
const problemsOf = (text: string) => schema.safeParse(parse(text)).error?.issues ?? []

test.each(readdirSync(TEMPLATES).filter((name) => existsSync(join(TEMPLATES, name, 'gatez.yaml'))))(
  'the template %s keeps the schema that is printed',
  (name) => {
    expect(problemsOf(readFileSync(join(TEMPLATES, name, 'gatez.yaml'), 'utf8'))).toEqual([])
  },
)

test.each([
  { part: 'routes: [search]', wrong: 'routes: some', why: 'a choice' },
  { part: 'keys: { max: 1 }', wrong: 'keys: { maximum: 1 }', why: 'an unknown field' },
  { part: 'requests: 100,', wrong: 'requests: -1,', why: 'a range' },
  { part: 'on_exceed: bill', wrong: 'on_exceed: explode', why: 'another choice' },
])('the schema that is printed finds $wrong: $why', ({ part, wrong }) => {
  expect(problemsOf(SMALL_CONFIG)).toEqual([])
  expect(problemsOf(changed(part, wrong))).not.toEqual([])
})
