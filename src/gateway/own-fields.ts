import { isCorsField } from './cors.ts'
import type { AnswerFields } from './ending.ts'
import type { Limited } from './exchange.ts'
import { FieldList, type FieldWriter, writeField } from './field-writer.ts'
import type { Refuser } from './refuser.ts'
import { changeFields, removeFields } from './response-head.ts'

/** The fields of answers, as the file and the limits of a call have them. */
export class OwnFields implements AnswerFields {
  readonly #refuser: Refuser
  readonly #isDraining: () => boolean

  constructor(refuser: Refuser, isDraining: () => boolean) {
    this.#refuser = refuser
    this.#isDraining = isDraining
  }

  add(fields: string[], limited: Limited): void {
    this.change(fields, limited)
    this.write(new FieldList(fields), limited)
  }

  change(fields: string[], { planned: { call, accepted } }: Limited): void {
    const { cors, responseFields } = call.matched.route.policy
    if (responseFields !== null) changeFields(fields, responseFields)
    if (cors === null) return
    removeFields(fields, isCorsField)
    fields.push(...accepted.exchange.fields)
  }

  /** One that switches is no connection of ours any more. */
  endsConnection({ planned: { accepted } }: Limited): boolean {
    return this.#isDraining() && accepted.exchange.early === undefined
  }

  write(to: FieldWriter, limited: Limited): void {
    const { exchange } = limited.planned.accepted
    this.#refuser.writeLimits(to, limited)
    if (exchange.once !== undefined) writeField(to, 'gatez-event-id', exchange.eventId)
    if (this.endsConnection(limited)) writeField(to, 'Connection', 'close')
  }
}
