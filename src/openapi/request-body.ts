import { type Fields, isFields } from './document.ts'
import { isJsonType, mediaType, rangesOf } from './media-type.ts'
import type { RequestFault } from './request-fault.ts'
import type { SchemaCheck, SchemaCompiler } from './schema-check.ts'

/** How a body is checked: as JSON, by its type alone, not at all, or it is of no described type. */
export type BodyKind = 'json' | 'other' | 'none' | 'unsupported'

/** The body of an operation. */
export class RequestBody {
  readonly isRequired: boolean
  /** By media type or range; undefined where nothing is said of the content. */
  readonly #checks: ReadonlyMap<string, SchemaCheck | undefined>

  /** `fields` describe the body, or are undefined when none is described. */
  constructor(compiler: SchemaCompiler, fields: Fields | undefined) {
    this.isRequired = fields?.required === true
    const content = isFields(fields?.content) ? Object.entries(fields.content) : []
    this.#checks = new Map(
      content.map(([type, media]) => {
        const schema = isJsonType(type) && isFields(media) ? (media.schema ?? undefined) : undefined
        const check = schema === undefined ? undefined : compiler.compile(schema, `the ${type} body`)
        return [mediaType(type) ?? type, check]
      }),
    )
  }

  kind(contentType: string | undefined): BodyKind {
    if (this.#checks.size === 0) return 'none'
    // What has no type is a sequence of bytes.
    const type = mediaType(contentType ?? 'application/octet-stream')
    if (type === undefined || !rangesOf(type).some((range) => this.#checks.has(range))) return 'unsupported'
    return !type.includes('*') && isJsonType(type) ? 'json' : 'other'
  }

  /** `body` is parsed JSON, of a content type whose kind is `json`. */
  check(contentType: string, body: unknown): readonly RequestFault[] {
    const ranges = rangesOf(mediaType(contentType) ?? '')
    const range = ranges.find((each) => this.#checks.has(each))
    const faults = range === undefined ? [] : this.#checks.get(range)?.faults(body)
    return (faults ?? []).map((fault) => ({ where: 'body', ...fault }))
  }
}
