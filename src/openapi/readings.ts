/**
 * What a text may stand for, given the types that are asked for; the most telling reading first.
 *
 * Numbers are written as in JSON, so `01`, ` 1`, `+1` and `0x1` are none, and `1e3` is a number but not
 * written as a whole one. Only `true` and `false` are booleans. What can be nothing else stays text,
 * so does `1e999`, which is too large to compare.
 */
export function readings(text: string, types: ReadonlySet<string>): readonly unknown[] {
  const found: unknown[] = []
  const form = types.has('number') ? NUMBER : INTEGER
  if ((types.has('number') || types.has('integer')) && form.test(text) && Number.isFinite(Number(text))) {
    found.push(Number(text))
  }
  if (types.has('boolean') && (text === 'true' || text === 'false')) found.push(text === 'true')
  if (types.has('string') || found.length === 0) found.push(text)
  return found
}

const INTEGER = /^-?(?:0|[1-9]\d*)$/

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/
