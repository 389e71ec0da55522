import { GatezError } from '../errors/gatez-error.ts'

/**
 * The text without blanks around it; throws `invalid-parameter` when it is empty, longer than
 * `lengthMax`, or holds control characters, which could move the cursor of whoever reads it.
 */
export function checkedText(field: string, text: string, lengthMax: number): string {
  const trimmed = text.trim()
  if (trimmed === '') throw new GatezError('invalid-parameter', `${field} is empty.`)
  if (trimmed.length > lengthMax) {
    const detail = `${field} has ${trimmed.length} characters; at most ${lengthMax} are kept.`
    throw new GatezError('invalid-parameter', detail)
  }
  if (/\p{Cc}/u.test(trimmed)) {
    throw new GatezError('invalid-parameter', `${field} holds a line break or another control character.`)
  }
  return trimmed
}

export const NAME_LENGTH_MAX = 200
export const REASON_LENGTH_MAX = 1_000
