import type { Cursor } from './cursor.ts'
import { parseMatch, parsePrefix, parseRewrite, pathNames } from './match.ts'

/** Checks what the file says of routes beside where they lead: other paths, other origins, the OpenAPI file. */
export function checkPolicies(file: Cursor): void {
  for (const api of file.field('apis').items()) {
    const routes = api.field('routes').items()
    for (const place of [api, ...routes]) checkCors(place.field('cors'))
    for (const route of routes) {
      checkPrefix(api.field('strip_prefix'), route)
      checkRewrite(route)
    }
    for (const place of [api, ...routes]) {
      const validate = place.field('validate')
      if (validate.value === true && api.field('openapi').value === undefined) {
        validate.refuse(`needs the OpenAPI file of the api: give it as openapi`)
      }
    }
  }
}

/** Any page on the web could act with what the browser of a visitor knows. */
function checkCors(cors: Cursor): void {
  if (cors.field('origins').value !== '*' || cors.field('credentials').value !== true) return
  cors.field('credentials').refuse('cannot be true for every origin: list the origins that may send them')
}

function checkPrefix(prefix: Cursor, route: Cursor): void {
  const parsed = parsePrefix(prefix.text ?? '')
  const match = parseMatch(route.field('match').text ?? '')
  if ('problem' in parsed || 'problem' in match || route.field('rewrite').value !== undefined) return
  const { path } = match.value
  if (path !== parsed.value && !path.startsWith(`${parsed.value}/`)) {
    route.field('match').refuse(`does not begin with strip_prefix ${parsed.value}`)
  }
}

function checkRewrite(route: Cursor): void {
  const rewrite = route.field('rewrite')
  const match = parseMatch(route.field('match').text ?? '')
  if (rewrite.text === undefined || 'problem' in match || 'problem' in parseRewrite(rewrite.text)) return
  const names = pathNames(match.value.path)
  const unknown = pathNames(rewrite.text).find((name) => !names.includes(name))
  if (unknown === undefined) return
  const known = names.length === 0 ? 'it has none' : `it has ${names.join(', ')}`
  rewrite.refuse(`${unknown} is no name in the path of match; ${known}`)
}
