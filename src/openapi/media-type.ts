/** A media type without its parameters, in lower case; undefined when it is not well-formed. */
export function mediaType(contentType: string): string | undefined {
  const end = contentType.indexOf(';')
  const type = (end === -1 ? contentType : contentType.slice(0, end)).trim().toLowerCase()
  return MEDIA_TYPE.test(type) ? type : undefined
}

/** Whether bodies of this type, or of some type within this range, are JSON. */
export function isJsonType(contentType: string): boolean {
  const type = mediaType(contentType) ?? ''
  return type === 'text/json' || type === '*/*' || /^application\/(?:json|\*|.+\+json)$/.test(type)
}

/** The ranges that hold a media type, the narrowest first: itself, `type/*+json`, `type/*`, all. */
export function rangesOf(type: string): readonly string[] {
  const slash = type.indexOf('/')
  const plus = type.lastIndexOf('+')
  const main = type.slice(0, slash)
  return [type, ...(plus > slash ? [`${main}/*${type.slice(plus)}`] : []), `${main}/*`, '*/*']
}

/** Two tokens of RFC 9110 with a slash between. */
const MEDIA_TYPE = /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+$/
