/** What the gateway does with the calls of one route beside passing them on: as written for it, else for its api. */
export interface RoutePolicy {
  /** From the request sent to the head of the answer. */
  readonly headersMs: number
  /** Between two pieces of a body. */
  readonly idleMs: number
  /** How often a call that failed before its answer may be tried again; 0 = never. */
  readonly retries: number
  /** The largest request body; null = any. */
  readonly bodyBytesMax: number | null
  /** What becomes of the path on its way upstream; null = nothing. */
  readonly rewrite: PathRewrite | null
  readonly requestFields: FieldChanges | null
  readonly responseFields: FieldChanges | null
  /** Which pages of other origins may call; null = the upstream sees to that itself. */
  readonly cors: Cors | null
  /** Set while no call is let through. */
  readonly maintenance: Maintenance | null
  /** Whether requests are checked against the OpenAPI file of the api. */
  readonly validate: boolean
  /** What a call with an Idempotency-Key may count on; null = nothing, the field passes like any other. */
  readonly idempotency: Idempotency | null
}

/** How answers to calls with an `Idempotency-Key` are kept. */
export interface Idempotency {
  readonly keepMs: number
  /** The largest body of a request. */
  readonly bodyBytesMax: number
  /** The largest body of an answer that is kept. */
  readonly answerBytesMax: number
}

/** `strip` takes a prefix off; `template` writes the path anew, `{name}` from the path of the route. */
export type PathRewrite =
  | { readonly kind: 'strip'; readonly prefix: string }
  | { readonly kind: 'template'; readonly template: string }

/** Header fields that are taken out, then those that are put in. */
export interface FieldChanges {
  /** Lower case. */
  readonly remove: readonly string[]
  /** Name, value, name, value …; each takes the place of all fields of its name. */
  readonly set: readonly string[]
}

export interface Cors {
  /** As browsers send them; `any` for all. */
  readonly origins: readonly string[] | 'any'
  /** Methods a page may use; empty = those of the route. */
  readonly methods: readonly string[]
  /** Header fields a page may send; empty = those it asks for. */
  readonly headers: readonly string[]
  /** Header fields of the answer that a page may read. */
  readonly expose: readonly string[]
  readonly credentials: boolean
  /** How long a browser may remember the answer to its question. */
  readonly maxAgeS: number
}

export interface Maintenance {
  /** What callers read. */
  readonly detail: string
  readonly retryAfterS: number
}
