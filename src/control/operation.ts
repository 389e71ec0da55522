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
export interface Operation<Input extends z.ZodObject = z.ZodObject, Answer = unknown> {
  readonly id: string
  readonly method: Method
  /** From the root, with `{name}` for fields of the input that stand in the path. */
  readonly path: string
  readonly tag: string
  readonly summary: string
  readonly description?: string
  readonly access: Access
  /** All that is asked, in the path, the query or the body. */
  readonly input: Input
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
  /** Asked twice it does no harm, or says by itself what is new: no answer of it is kept. */
  readonly isRepeatable: boolean
  /** It is asked with any method, and its path goes on. */
  readonly anyMethod: boolean
  /** Reads the thing that is changed, for ETag and If-Match; undefined where there is none. */
  current?(asking: Asking, input: z.output<Input>): Promise<unknown>
  handle(asking: Asking, input: z.output<Input>): Promise<Answer>
}

export type Method = 'get' | 'post' | 'put' | 'delete'

/** Who may ask. */
export type Access =
  | { readonly by: 'anyone' }
  /** A token with this scope, or with the other one where there is one, or an operator who signed in. */
  | { readonly by: 'operator'; readonly scope: TokenScope; readonly or?: TokenScope }
  /** A member who signed in, with one of these roles. */
  | { readonly by: 'member'; readonly roles: readonly MemberRole[] }
  /** Whoever signed in, member or operator. */
  | { readonly by: 'session' }

type Optional =
  | 'description'
  | 'status'
  | 'errors'
  | 'isSecret'
  | 'upload'
  | 'download'
  | 'anyMethod'
  | 'isRepeatable'

/** What is left out of an operation has its usual value. */
export type OperationSpec<Id, Input extends z.ZodObject, Answer> = Omit<
  Operation<Input, Answer>,
  Optional | 'id'
> &
  Partial<Pick<Operation<Input, Answer>, Optional>> & { readonly id: Id }

/** Makes an operation, its types inferred. */
export function operation<const Id extends string, Input extends z.ZodObject, Answer>(
  spec: OperationSpec<Id, Input, Answer>,
): Operation<Input, Answer> & { readonly id: Id } {
  return {
    status: 200,
    errors: [],
    isSecret: false,
    upload: undefined,
    download: undefined,
    anyMethod: false,
    isRepeatable: false,
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
