import * as z from 'zod'
import { parseDuration } from './duration.ts'
import type { Parsed } from './parsed.ts'
import { parseId } from './values.ts'

/**
 * A map that knows all its fields.
 *
 * The message of an `unrecognized_keys` issue is the list of known fields, one a line: what the loader
 * needs to say what may have been meant.
 */
export function strict<Shape extends z.core.$ZodShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? Object.keys(shape).join('\n') : undefined),
  })
}

/** A text that is read further; `parse` says what is wrong with it, also with a number in its place. */
export function text<Value>(parse: (text: string) => Parsed<Value>) {
  const error = ({ input }: { readonly input?: unknown }): string | undefined => {
    const parsed = typeof input === 'number' ? parse(String(input)) : undefined
    return parsed !== undefined && 'problem' in parsed ? parsed.problem : undefined
  }
  return z.string({ error }).transform(read(parse))
}

/** A span of time; its unit, which is easily forgotten, is asked for. */
export const span = z
  .string({ error: ({ input }) => `must be a time span such as 10s or 5m, is ${JSON.stringify(input)}` })
  .transform(read(parseDuration))

/** Reads what has the right type further; `parse` says what is wrong with it. */
export function read<Written, Value>(parse: (written: Written) => Parsed<Value>) {
  return (written: Written, context: z.core.$RefinementCtx<Written>): Value => {
    const parsed = parse(written)
    if ('value' in parsed) return parsed.value
    context.addIssue({ code: 'custom', message: parsed.problem })
    return z.NEVER
  }
}

/** An id of an api, a route, a plan … */
export const id = text(parseId)

/** A whole number from `min` to `max`. */
export function whole(min: number, max: number) {
  return z.int().min(min).max(max)
}

/** The message for an empty list. */
export function oneOrMore(noun: string) {
  return { error: `must list at least one ${noun}` }
}
