import type { Cursor } from './cursor.ts'

/** Checks what a meter or a dimension says in several fields at once. */
export function checkMeters(file: Cursor): void {
  for (const meter of file.field('meters').items()) {
    const from = meter.field('from').text ?? 'header'
    const [field, routes] = [meter.field('field'), meter.field('routes')]
    if (field.value !== undefined && from !== 'openai-usage') {
      field.refuse(`has a meaning beside from: openai-usage only, and this meter is from: ${from}`)
    }
    if (routes.value !== undefined && from === 'event') {
      routes.refuse('has no meaning beside from: event: events belong to no answer')
    }
  }
  for (const dimension of file.field('dimensions').items()) {
    const name = dimension.field('name')
    if (name.text === undefined || dimension.field('from').text === 'event') continue
    if (!FIELD_NAME.test(name.text)) {
      name.refuse(`must be the name of a header field, as x-region, is ${JSON.stringify(name.text)}`)
    } else if (SECRET_FIELDS.includes(name.text.toLowerCase())) {
      name.refuse(`${name.text} carries secrets, which must be in no report`)
    }
  }
}

const FIELD_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/
const SECRET_FIELDS = ['authorization', 'proxy-authorization', 'cookie', 'set-cookie', 'x-api-key']
