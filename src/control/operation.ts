import type { z } from '@hono/zod-openapi'
import type { ErrorCode } from '../errors/catalogue.ts'
import type { MemberRole } from '../model/tenant.ts'
import type { TokenScope } from '../model/token.ts'
import type { Asking } from './asking.ts'

/**
 * One thing the control API does: how it is asked, who may ask, and what answers.
 *
 * Everything about it is made of this one value: the route, the check of what comes, the OpenAPI
 * document, the typed client, and the tests of tenants and of odd input.
 */
export interface Operation<Input = unknown, Parsed = unknown, Answer = unknown> {
  readonly id: string
  readonly method: Method
  /** From the root, with `{name}` for fields of the input that stand in the path. */
  readonly path: string
  readonly tag: string
  readonly summary: string
  readonly description?: string
  readonly access: Access
  /** All that is asked, in the path, the query or the body. */
  readonly input: z.ZodType<Parsed, Input> & { readonly shape: Readonly<Record<string, z.ZodType>> }
  /** What the answer looks like; undefined where there is none, or no JSON. */
  readonly answer: z.ZodType | undefined
  /** An input, and the answer to it. */
  readonly example: { readonly input: Record<string, unknown>; readonly answer: unknown }
  readonly status: 200 | 201 | 202 | 204
  /** What can go wrong beside what can with every request. */
  readonly errors: readonly ErrorCode[]
  /** The answer holds a secret, which is kept nowhere. */
  readonly isSecret: boolean
  /** What comes as the body as it is: the fields of the input are in the query then. */
  readonly upload: string | undefined
  /** What the answer is when it is no JSON. */
  readonly download: string | undefined
  /** Reads the thing that is changed, for ETag and If-Match; undefined where there is none. */
  readonly current: ((asking: Asking, input: Parsed) => Promise<unknown>) | undefined
  readonly handle: (asking: Asking, input: Parsed) => Promise<Answer | Response>
}

export type Method = 'get' | 'post' | 'put' | 'delete'

/** Who may ask. */
export type Access =
  | { readonly by: 'anyone' }
  /** A token with this scope, or an operator who signed in. */
  | { readonly by: 'operator'; readonly scope: TokenScope }
  /** A member who signed in, with one of these roles. */
  | { readonly by: 'member'; readonly roles: readonly MemberRole[] }
  /** Whoever signed in, member or operator. */
  | { readonly by: 'session' }

type Optional = 'description' | 'status' | 'errors' | 'isSecret' | 'upload' | 'download' | 'current'

/** What is left out of an operation has its usual value. */
export type OperationSpec<Id, Input, Parsed, Answer> = Omit<Operation<Input, Parsed, Answer>, Optional | 'id'> &
  Partial<Pick<Operation<Input, Parsed, Answer>, Optional>> & { readonly id: Id }

/** Makes an operation, its types inferred. */
export function operation<const Id extends string, Input, Parsed, Answer>(
  spec: OperationSpec<Id, Input, Parsed, Answer>,
): Operation<Input, Parsed, Answer> & { readonly id: Id } {
  return {
    status: 200,
    errors: [],
    isSecret: false,
    upload: undefined,
    download: undefined,
    current: undefined,
    ...spec,
  }
}

/** Names in the path of an operation. */
export function pathNames(path: string): readonly string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
}

/** Where the fields of the input stand that are not in the path. */
export function restPlace({ method, upload }: Pick<Operation, 'method' | 'upload'>): 'query' | 'body' {
  return method === 'get' || method === 'delete' || upload !== undefined ? 'query' : 'body'
}
