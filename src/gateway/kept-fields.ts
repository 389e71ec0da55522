import { isCorsField } from './cors.ts'
import type { Planned } from './exchange.ts'
import type { FirstAnswer } from './once-calls.ts'
import { changeFields, removeFields } from './response-head.ts'

/**
 * The fields of an answer that is given again: those of the first time, what the file says of them now, and
 * what is left of the limits now. It is found by the request id of the first call, which is the billed one.
 */
export function keptFields(
  { accepted, call }: Planned,
  { answer, eventId }: FirstAnswer,
  limits: readonly string[],
): readonly string[] {
  const fields = [...answer.fields]
  const { responseFields, cors } = call.matched.route.policy
  removeFields(fields, (name) => name === 'content-length' || (cors !== null && isCorsField(name)))
  if (responseFields !== null) changeFields(fields, responseFields)
  const own = [...limits]
  removeFields(own, (name) => name === 'x-request-id')
  fields.push(...accepted.exchange.fields, ...own)
  fields.push('x-request-id', answer.requestId, 'gatez-event-id', eventId, 'idempotent-replayed', 'true')
  return fields
}
