/**
 * A path of an OpenAPI document, as it is compared with normalized request paths.
 *
 * A parameter takes one character or more of one segment. A segment may hold text beside its
 * parameters: `/files/{name}.json`, `/jobs/{id}:cancel`.
 */
export class PathTemplate {
  readonly text: string
  /** The same text for templates that match the same paths: names of parameters are left out. */
  readonly shape: string
  readonly segments: readonly Segment[]
  /** No parameters: one path and no other. */
  readonly isPlain: boolean

  /** `text` begins with a slash. */
  constructor(text: string) {
    this.text = text
    this.segments = text.split('/').map(readSegment)
    this.isPlain = this.segments.every((segment) => segment.params.length === 0)
    this.shape = this.segments.map(shapeOf).join('/')
  }

  /** Whether the path of these segments, as many as the template has, is one of the template's. */
  matches(given: readonly string[]): boolean {
    return this.segments.every((segment, index) => segmentMatches(segment, given[index] ?? ''))
  }

  /** The texts of the parameters in `path`, still encoded; `path` matches. */
  values(path: string): ReadonlyMap<string, string> {
    const values = new Map<string, string>()
    const given = path.split('/')
    for (const [index, segment] of this.segments.entries()) {
      const texts = capture(segment, given[index] ?? '') ?? []
      for (const [at, param] of segment.params.entries()) values.set(param.name, texts[at] ?? '')
    }
    return values
  }
}

/** Sorts the more specific template first, segment by segment: text, text with parameters, parameter. */
export function compareTemplates(one: PathTemplate, other: PathTemplate): number {
  for (const [index, segment] of one.segments.entries()) {
    const difference = weight(other.segments[index]) - weight(segment)
    if (difference !== 0) return difference
  }
  return 0
}

interface Segment {
  /** What stands before the first parameter: all of the segment if it has none. */
  readonly start: string
  readonly params: readonly { readonly name: string; readonly after: string }[]
}

function readSegment(text: string): Segment {
  const [start = '', ...rest] = text.split(/\{([^{}]+)\}/)
  const params = rest.flatMap((name, index) => {
    return index % 2 === 0 ? [{ name, after: normalized(rest[index + 1] ?? '') }] : []
  })
  return { start: normalized(start), params }
}

/** As the gateway normalizes request paths: escapes of plain characters decoded, others in upper case. */
function normalized(text: string): string {
  return encodeURI(text.toWellFormed())
    .replace(/%25(?=[0-9A-Fa-f]{2})/g, '%')
    .replace(/%[0-9A-Fa-f]{2}/g, (octet) => {
      const char = String.fromCharCode(Number.parseInt(octet.slice(1), 16))
      return /[A-Za-z0-9_~-]/.test(char) ? char : octet.toUpperCase()
    })
}

function shapeOf(segment: Segment): string {
  return segment.start + segment.params.map((param) => `{}${param.after}`).join('')
}

function weight(segment: Segment | undefined): number {
  if (segment === undefined || segment.params.length === 0) return Number.MAX_SAFE_INTEGER
  return segment.params.reduce((sum, param) => sum + param.after.length, segment.start.length)
}

function segmentMatches(segment: Segment, given: string): boolean {
  const [param] = segment.params
  if (param === undefined) return given === segment.start
  if (segment.params.length === 1 && segment.start === '' && param.after === '') return given !== ''
  return capture(segment, given) !== undefined
}

/** One pass, no regular expression: a parameter ends where the text after it first stands. */
function capture(segment: Segment, given: string): readonly string[] | undefined {
  if (!given.startsWith(segment.start)) return undefined
  if (segment.params.length === 0) return given === segment.start ? [] : undefined
  const texts: string[] = []
  let at = segment.start.length
  for (const [index, { after }] of segment.params.entries()) {
    const isLast = index === segment.params.length - 1
    const end = isLast ? given.length - after.length : given.indexOf(after, at + 1)
    if (end <= at || !given.startsWith(after, end)) return undefined
    texts.push(given.slice(at, end))
    at = end + after.length
  }
  return texts
}
